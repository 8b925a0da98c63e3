#include "dummynet/cli/pseudo_terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <array>
#include <cstdlib>

#include "dummynet/os/check.hpp"

namespace dummynet::cli {

PseudoTerminal open_pseudo_terminal(int like) {
  PseudoTerminal made;
  made.ours = os::Fd{os::check(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt")};
  os::check(::grantpt(made.ours.get()), "grantpt");
  os::check(::unlockpt(made.ours.get()), "unlockpt");
  std::array<char, 64> name{};
  if (const int error = ::ptsname_r(made.ours.get(), name.data(), name.size()); error != 0) {
    os::throw_errno(error, "ptsname_r");
  }
  made.theirs = os::Fd{os::check(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC), "open", name.data())};
  termios settings{};
  if (::tcgetattr(like, &settings) == 0) ::tcsetattr(made.theirs.get(), TCSANOW, &settings);
  copy_window_size(like, made.ours.get());
  os::check(::fcntl(made.ours.get(), F_SETFL, O_NONBLOCK), "fcntl");
  return made;
}

void copy_window_size(int from, int to) {
  winsize size{};
  if (::ioctl(from, TIOCGWINSZ, &size) == 0) ::ioctl(to, TIOCSWINSZ, &size);
}

RawMode::RawMode(int terminal) : terminal_{terminal} {
  os::check(::tcgetattr(terminal_, &before_), "tcgetattr");
  termios raw = before_;
  ::cfmakeraw(&raw);
  os::check(::tcsetattr(terminal_, TCSADRAIN, &raw), "tcsetattr");
}

RawMode::~RawMode() { ::tcsetattr(terminal_, TCSADRAIN, &before_); }

}  // namespace dummynet::cli

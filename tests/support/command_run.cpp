#include "support/command_run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>

#include "dummynet/os/check.hpp"
#include "dummynet/os/pipe.hpp"
#include "support/ordinary_user.hpp"

namespace dummynet::test {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct Ends {
  os::Fd ours;
  os::Fd theirs;
};

Ends make_pipe() {
  auto [read, write] = os::make_pipe();
  return {std::move(read), std::move(write)};
}

Ends make_terminal() {
  int ours = -1;
  int theirs = -1;
  os::check(::openpty(&ours, &theirs, nullptr, nullptr, nullptr), "openpty");
  ::fcntl(ours, F_SETFD, FD_CLOEXEC);
  ::fcntl(theirs, F_SETFD, FD_CLOEXEC);
  return {os::Fd{ours}, os::Fd{theirs}};
}

os::Fd make_input(const std::string& text) {
  os::Fd file{os::check(::memfd_create("input", MFD_CLOEXEC), "memfd_create")};
  os::check(::write(file.get(), text.data(), text.size()), "write");
  os::check(::lseek(file.get(), 0, SEEK_SET), "lseek");
  return file;
}

[[noreturn]] void become(const std::vector<char*>& arguments, const CommandRun::Options& options, int in, int out,
                         int err) noexcept {  // it is a copy of the test: nothing may lead back there
  if (options.own_session) {
    ::setsid();
    ::ioctl(out, TIOCSCTTY, 0);
  }
  ::dup2(options.typed_input ? out : in, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  for (const std::string& one : options.environment) ::putenv(const_cast<char*>(one.c_str()));
  if (options.as_nobody) become_ordinary();
  ::execv(arguments.front(), arguments.data());
  ::_exit(127);
}

}  // namespace

CommandRun::CommandRun(const std::vector<std::string>& arguments, const Options& options) {
  const os::Fd input = make_input(options.input);
  Ends out = options.on_terminal ? make_terminal() : make_pipe();
  Ends err = make_pipe();
  std::string program = DUMMYNET_BIN_DIR "/dummynet";
  std::vector<std::string> words = arguments;
  std::vector<char*> pointers{program.data()};
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  pid_ = os::check(::fork(), "fork");
  if (pid_ == 0) {
    const int second = options.on_terminal ? out.theirs.get() : err.theirs.get();
    become(pointers, options, input.get(), out.theirs.get(), second);
  }
  out_fd_ = std::move(out.ours);
  err_fd_ = std::move(err.ours);
}

CommandRun::~CommandRun() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void CommandRun::signal(int number) const { os::check(::kill(pid_, number), "kill"); }

void CommandRun::type(const std::string& keys) const {
  os::check(::write(out_fd_.get(), keys.data(), keys.size()), "write");
}

void CommandRun::resize(unsigned short rows, unsigned short columns) const {
  const winsize size{rows, columns, 0, 0};
  os::check(::ioctl(out_fd_.get(), TIOCSWINSZ, &size), "TIOCSWINSZ");
}

bool CommandRun::read_some(int timeout_ms) {
  pollfd fds[2] = {{out_fd_ ? out_fd_.get() : -1, POLLIN, 0}, {err_fd_ ? err_fd_.get() : -1, POLLIN, 0}};
  if (::poll(fds, 2, timeout_ms) <= 0) return false;
  char buffer[65536];
  for (int i = 0; i < 2; ++i) {
    if (fds[i].revents == 0) continue;
    const ssize_t count = ::read(fds[i].fd, buffer, sizeof buffer);
    if (count > 0) {
      (i == 0 ? out_ : err_).append(buffer, static_cast<std::size_t>(count));
    } else if (count == 0 || errno != EINTR) {  // a terminal ends with EIO
      (i == 0 ? out_fd_ : err_fd_).reset();
    }
  }
  return true;
}

bool CommandRun::wait_for(const std::string& text) {
  const auto deadline = Clock::now() + 60s;
  while (out_.find(text) == std::string::npos) {
    if (!out_fd_ || Clock::now() > deadline) return false;
    read_some(1000);
  }
  return true;
}

int CommandRun::wait() {
  const auto deadline = Clock::now() + 120s;
  while (out_fd_ || err_fd_) {
    if (Clock::now() > deadline) return -1;
    read_some(1000);
  }
  int status = 0;
  os::check(::waitpid(pid_, &status, 0), "waitpid");
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace dummynet::test

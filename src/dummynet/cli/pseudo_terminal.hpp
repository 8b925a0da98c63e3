#pragma once

#include <termios.h>

#include "dummynet/os/fd.hpp"

namespace dummynet::cli {

/// A terminal for a process somewhere else, and our end of it: pty(7).
struct PseudoTerminal {
  os::Fd ours;    ///< non-blocking
  os::Fd theirs;  ///< for the process, then to be closed
};
/// With the settings and the size of the terminal `like`. Throws std::system_error.
PseudoTerminal open_pseudo_terminal(int like);

/// Tells the new size after SIGWINCH, which then goes to the process in the foreground there: tty_ioctl(4).
void copy_window_size(int from, int to);

/// Passes every key on, Ctrl-C too, for as long as it lives: cfmakeraw(3).
class RawMode {
 public:
  explicit RawMode(int terminal);
  ~RawMode();
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;

 private:
  int terminal_;
  termios before_{};
};

}  // namespace dummynet::cli

#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

#include "dummynet/os/fd.hpp"

namespace dummynet::test {

/// A forked copy of the test that owns a monitor, so that the test can look at it from outside, and kill it.
/// What its body throws it says as a line: "StartError sudo 2: message", "TimeoutError: message" …
class OwnerProcess {
 public:
  /// The child's end of the talk.
  class Talk {
   public:
    void say(std::string_view line) const;
    /// Until the test says go(), or is gone.
    void wait() const;
    os::Fd to_test;
    os::Fd from_test;
  };
  using Body = std::function<void(const Talk&)>;
  enum class Terminal { none, own };

  /// With Terminal::own the child has a terminal, whose other end is terminal().
  OwnerProcess(Terminal terminal, const Body& body);
  /// Kills it.
  ~OwnerProcess();
  /// For a body that forks once more.
  [[noreturn]] static void be_owner(const Talk& talk, const Body& body);
  OwnerProcess(const OwnerProcess&) = delete;
  OwnerProcess& operator=(const OwnerProcess&) = delete;

  /// The next line it says; empty when it has ended. Throws std::runtime_error after a minute.
  std::string line();
  void go();
  void kill(int signal) const;
  /// Its status as waitpid(2) gives it.
  int wait();
  pid_t pid() const noexcept { return pid_; }

  /// Reads what is on the terminal until `text` was in it. Throws std::runtime_error after a minute.
  void expect_on_terminal(const std::string& text);
  void type(const std::string& text) const;
  bool terminal_echoes() const;
  /// All that expect_on_terminal() has read.
  const std::string& screen() const noexcept { return screen_; }

 private:
  pid_t pid_ = -1;
  os::Fd from_child_;
  os::Fd to_child_;
  os::Fd terminal_;
  os::Fd terminal_of_child_;  // held open: a hung-up terminal tells nothing any more
  std::string said_;
  std::string screen_;
};

/// A file, of which nothing is left if its process ends meanwhile.
std::string read_whole(const std::string& path);

/// The pids of processes, zombies left out, in whose command line `text` occurs.
std::string processes_with(const std::string& text);

}  // namespace dummynet::test

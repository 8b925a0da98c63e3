#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "dummynet/os/fd.hpp"

namespace dummynet::test {

/// One call of the command `dummynet`, as a person or a script would make it.
class CommandRun {
 public:
  struct Options {
    std::string input{};                     ///< standard input
    std::vector<std::string> environment{};  ///< "NAME=VALUE", added to ours
    bool as_nobody = false;                  ///< as an ordinary user, if we are root
    bool on_terminal = false;                ///< standard output and error are one terminal
    bool typed_input = false;                ///< and so is standard input; needs own_session
    bool own_session = false;                ///< with the terminal as its controlling one: Ctrl-C comes from there
  };

  explicit CommandRun(const std::vector<std::string>& arguments) : CommandRun{arguments, Options{}} {}
  CommandRun(const std::vector<std::string>& arguments, const Options& options);
  /// Kills it if it has not been waited for.
  ~CommandRun();
  CommandRun(const CommandRun&) = delete;
  CommandRun& operator=(const CommandRun&) = delete;

  pid_t pid() const noexcept { return pid_; }
  void signal(int number) const;
  /// As if typed at the terminal.
  void type(const std::string& keys) const;
  /// The terminal's window gets this size.
  void resize(unsigned short rows, unsigned short columns) const;
  /// Reads until this text has come on standard output; false if it ends or a minute passes before.
  bool wait_for(const std::string& text);
  /// Reads to its end; its exit code, or 128 + its signal, or -1 after two minutes.
  int wait();

  const std::string& out() const noexcept { return out_; }
  const std::string& err() const noexcept { return err_; }
  /// Both, for messages.
  std::string all() const { return "--- stdout\n" + out_ + "--- stderr\n" + err_; }

 private:
  bool read_some(int timeout_ms);

  pid_t pid_ = -1;
  os::Fd out_fd_;
  os::Fd err_fd_;
  std::string out_;
  std::string err_;
};

}  // namespace dummynet::test

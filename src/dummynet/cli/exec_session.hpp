#pragma once

#include <optional>
#include <string>

#include "dummynet/cli/pseudo_terminal.hpp"
#include "dummynet/os/fd.hpp"
#include "dummynet/scenario/exec_message.hpp"

namespace dummynet::cli {

/// The asking side of `dummynet exec`: hands over its streams, or a terminal in their place, passes keys, sizes and
/// signals on, and waits for the end.
class ExecSession {
 public:
  /// `socket`: connected to the run. Blocks the signals that are passed on, for good.
  explicit ExecSession(os::Fd socket);

  struct End {
    int exit_code = 0;
    std::string complaint{};  ///< it was refused, or the run is gone; empty: the process has ended
  };
  /// Throws std::system_error for what is wrong on this side.
  End run(const scenario::ExecRequest& request);

 private:
  void send(const scenario::ExecRequest& request);
  void serve_once();
  void receive();
  void read_signals();
  void read_keys();
  void write_keys();
  void read_screen();

  os::Fd socket_;
  os::Fd signals_;
  std::optional<PseudoTerminal> terminal_;
  std::optional<RawMode> raw_;
  std::string keys_;  // typed, and not yet taken
  bool keys_end_ = false;
  bool screen_ends_ = false;
  std::optional<End> end_;
};

}  // namespace dummynet::cli

#pragma once

#include <memory>
#include <string>

#include "dummynet/os/fd.hpp"
#include "dummynet/wire/control_socket.hpp"
#include "dummynet/wire/pump.hpp"

namespace dummynet::wire {

/// The link engine: a Pump that does what the owner's messages say. See wire/control.hpp.
class Engine {
 public:
  explicit Engine(os::Fd control) : control_{std::move(control)} {}
  /// Returns when the owner says so or is gone, or with SIGTERM, which tells the owner all counters once more. Throws
  /// what makes going on impossible.
  void run();

 private:
  void handle_messages();
  void handle(ControlMessage& message);
  void configure(ControlMessage& message);
  void add_link(ControlMessage& message);
  void set(const ControlMessage& message);
  void tell_counters(std::uint32_t first);
  void refuse(const std::string& why);
  void done() { control_.send(control::Type::done, {}); }

  ControlSocket control_;
  os::Fd control_watch_;
  os::Fd signals_;
  std::uint64_t seed_ = 1;
  std::unique_ptr<Pump> pump_;  // from `configure` on
};

/// What the program does: the engine with its control socket as standard input, its last words to standard error.
/// Returns the exit code.
int run_engine_program() noexcept;

}  // namespace dummynet::wire

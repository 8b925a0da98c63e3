#pragma once

#include <chrono>

#include "dummynet/core/host_shell.hpp"

namespace dummynet::net {

/// Runs commands in one network namespace; otherwise as HostShell, with all of its options. A command that is a line
/// runs wholly in there: of "a; b" both. The monitor must outlive the shell.
///
///     NamespaceShell shell{monitor, network.place("client")};
///     shell.run("ping -c 1 server; cat /proc/net/route", {.env = {{"LANG", "C"}}});
class NamespaceShell {
 public:
  /// `place`: Network::place(), or what DummyNet::shell() gives. RunOptions::place of the calls is not looked at.
  NamespaceShell(ProcessMonitor& monitor, Place place) : host_{monitor}, place_{place} {}

  /// ProcessMonitor::run_process.
  RunInfo run(const Command& command, const RunOptions& options = {});
  /// ProcessMonitor::run_process_async.
  ProcessHandle run_async(const Command& command, const RunOptions& options = {});
  /// HostShell::poll_until.
  RunInfo poll_until(const Command& command, const Match& match, std::chrono::nanoseconds timeout,
                     const RunOptions& options = {});

 private:
  RunOptions there(RunOptions options) const;

  HostShell host_;
  Place place_;
};

}  // namespace dummynet::net

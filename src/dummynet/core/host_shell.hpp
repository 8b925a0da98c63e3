#pragma once

#include <chrono>
#include <string>

#include "dummynet/core/monitor.hpp"

namespace dummynet {

/// Runs commands on this machine, coordinated by a monitor that must outlive the shell.
///
///     HostShell shell{monitor};
///     shell.run("uname -r").out.text();
///     shell.run_async({"iperf3", "--server"}, {.daemon = true});
///     shell.poll_until("ss -tln", {.out = "*:5201*"}, 5s);
class HostShell {
 public:
  explicit HostShell(ProcessMonitor& monitor) : monitor_{monitor} {}

  /// ProcessMonitor::run_process.
  RunInfo run(const Command& command, const RunOptions& options = {});
  /// ProcessMonitor::run_process_async.
  ProcessHandle run_async(const Command& command, const RunOptions& options = {});
  /// Runs the command again and again until it exits with 0 and its output matches; throws TimeoutError with the last
  /// try after `timeout`. Waits 1 ms between tries, backing off to 20 ms; daemons are watched meanwhile.
  RunInfo poll_until(const Command& command, const Match& match, std::chrono::nanoseconds timeout,
                     const RunOptions& options = {});

 private:
  ProcessMonitor& monitor_;
};

}  // namespace dummynet

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dummynet/core/error.hpp"
#include "dummynet/core/poller.hpp"
#include "dummynet/core/process.hpp"
#include "dummynet/core/run_options.hpp"

namespace dummynet {

class MonitorState;
class Warden;

/// Receives what is worth telling and is no error: a limit that could not be set, a warden that was lost.
using Log = std::function<void(std::string_view message)>;

struct MonitorOptions {
  Log log{};
  /// Own user, PID, mount, network, IPC, UTS and cgroup namespaces: nothing can survive, and nodes can be made in it.
  /// Set-uid programs keep their caller's rights in there. Works without root; see `dummynet doctor`.
  bool sandbox = false;
  /// With `sandbox`: without a network of its own, so that what is in no node uses the machine's. Needs CAP_SYS_ADMIN.
  bool host_network = false;
  /// Host processes (no network of their own) in an identity-mapped user namespace and a PID namespace: nothing can
  /// survive; set-uid programs such as sudo(8) do not work in there.
  bool isolate = false;
  /// False: do without cgroups even where they could be had.
  bool use_cgroups = true;
  /// A directory of this run alone, holding no directories: it goes, with the files in it, when everything has ended,
  /// even if this program is killed. Empty: none.
  std::string directory{};
};

/// Coordinates processes, some of them daemons that must outlive the others.
///
///  1. Start a server (a daemon) and wait until it serves.
///  2. Start a client and let the monitor run until the client has ended.
///  3. Know that the server stayed alive all the while, and that nothing is left afterwards.
///
///     ProcessMonitor monitor;
///     monitor.wait_ready(monitor.run_process_async({"iperf3", "-s"}, {.daemon = true, .ready = Ready::listen(5201)}));
///     monitor.run_process_async({"iperf3", "-c", "localhost"});
///     while (monitor.keep_running()) {}
///     monitor.stop();
///
/// One thread, one epoll(7): not to be shared between threads, but any number of monitors may live in one program.
/// It leaves the program's signals, children and descriptors alone: processes are children of a small *warden*, which
/// ends with all of them when this program dies in whatever way.
class ProcessMonitor {
 public:
  using Process = dummynet::Process;
  using Poller = dummynet::Poller;

  explicit ProcessMonitor(MonitorOptions options = {});
  explicit ProcessMonitor(Log log) : ProcessMonitor{MonitorOptions{.log = std::move(log)}} {}
  /// Kills, reaps, calls nobody back, never throws.
  ~ProcessMonitor();
  ProcessMonitor(const ProcessMonitor&) = delete;
  ProcessMonitor& operator=(const ProcessMonitor&) = delete;

  /// Runs to the end, serving all other processes meanwhile.
  /// Throws RunInfoError when it ends with anything but 0, TimeoutError after `timeout`, StartError when it cannot be
  /// started. GroupError as soon as anything else fails, a daemon that ends or another client: this one is then stopped
  /// too, and the error holds all that is known.
  RunInfo run_process(const Command& command, const RunOptions& options = {});

  /// Returns when exec(2) has succeeded. Throws StartError.
  ProcessHandle run_process_async(const Command& command, const RunOptions& options = {});

  /// Serves events until its `ready` condition holds. Throws TimeoutError when that takes too long, DaemonExitError
  /// (RunInfoError if it is no daemon) when it ends before, GroupError when something else failed meanwhile.
  /// Without a condition it is ready as soon as it runs.
  RunInfo wait_ready(const ProcessHandle& handle);

  /// Serves events for at most `timeout`; 0 looks once and does not wait. True while a process that is no daemon runs;
  /// false as soon as the last one has ended and its output is delivered, from then on, and if nothing was ever
  /// started. Throws GroupError with every failure not yet reported, NoProcessesError if there are only daemons.
  ///
  ///     while (monitor.keep_running()) {}
  bool keep_running(std::chrono::nanoseconds timeout = std::chrono::milliseconds{100});

  /// Ends everything: at once the stop signal to all trees that are no daemons; when they are gone, or at timeout/2,
  /// to the daemons, dependents before what they depend on; at `timeout` whatever is left is killed. Afterwards nothing
  /// runs, all output is delivered, and the monitor can be used again. With `validate_state`, failures from before the
  /// stop are thrown after everything is stopped. What stop() ended is never a failure.
  void stop(bool validate_state = true, std::chrono::nanoseconds timeout = std::chrono::seconds{1});

  /// Ends one process tree: the stop signal now, SIGKILL after `timeout`. Returns when it is gone.
  void stop_process_async(const ProcessHandle& target, std::chrono::nanoseconds timeout = std::chrono::seconds{1});

  /// From a callback: makes keep_running() and run_process() return (run_process with the process stopped), so that
  /// the caller can stop().
  void request_stop() noexcept;
  bool stop_requested() const noexcept;

  /// An epoll descriptor: readable when keep_running(0ms) has something to do, deadlines included.
  int fd() const noexcept;

  Poller& poller() noexcept;

  /// The process that owns all others. Started at the first use.
  Warden& warden();

  const MonitorOptions& options() const noexcept;

  /// What holds processes together here; starts the warden.
  Containment containment();

  /// Why no process can be this user here (RunOptions::user); nothing: it can. Starts the warden.
  std::optional<std::string> find_fault_in_user(const std::string& user);

 private:
  std::unique_ptr<MonitorState> state_;  // a pimpl: the kernel's headers and the protocol stay out of this door
};

}  // namespace dummynet

#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/net/network.hpp"
#include "dummynet/scenario/link_emulation.hpp"
#include "dummynet/scenario/planner.hpp"
#include "dummynet/scenario/report.hpp"
#include "dummynet/scenario/result.hpp"
#include "dummynet/scenario/timetable.hpp"

namespace dummynet::scenario {

struct RunnerOptions {
  std::string run{};                       ///< unique name of this run, for $DUMMYNET_RUN
  std::chrono::milliseconds grace{2'000};  ///< for all processes together, from being asked to stop to being killed
  EmulationOptions emulation{};
  /// A run over links that were not as they should have been is inconclusive: scenario/fidelity.hpp. false: a note.
  bool demand_fidelity = true;
};

/// "SIGTERM"
std::string signal_name(int signal);

/// Whether a message of the monitor is news to whoever watches a run. That a machine has no cgroups for us is not: the
/// sandbox holds the processes together, figures name their source, and `dummynet doctor` tells.
bool is_worth_telling(std::string_view message);

/// Carries out a plan: makes its network, starts each process as soon as its conditions hold, ends the run when the
/// last client has ended or when anything fails, and says what the verdict is and why.
///
///     ProcessMonitor monitor{{.sandbox = true}};
///     Runner runner{plan, monitor, report, {.run = "demo-1"}};
///     RunResult result = runner.run();
class Runner {
 public:
  /// All three must outlive the runner; the monitor must have been made with `sandbox` and must be unused.
  Runner(const Plan& plan, ProcessMonitor& monitor, Report& report, RunnerOptions options);

  /// Once. What goes wrong is in the result; throws only where memory or descriptors run out.
  RunResult run();

  /// For callbacks of the monitor's poller (a signalfd): the first call stops the run, the second one kills what is
  /// left of it. `signal` is told in the result.
  void interrupt(int signal);

  /// For processes that are none of the scenario's: place and environment of those on this node. Throws
  /// std::logic_error while there is no network, std::invalid_argument for an unknown node.
  RunOptions options_on(const std::string& node) const;

 private:
  struct Running {
    ProcessHandle handle;
    std::optional<RunInfo> ended;  // with all its output
    bool was_ready = false;
  };
  struct Event {
    std::size_t process;
    bool is_end;
    RunInfo info;
  };

  bool find_users();
  bool make_network();
  bool emulate_links();
  void carry_out(const PlannedEvent& event);
  void send(const PlannedSignal& signal);
  void start_what_may_start();
  bool may_start(const PlannedProcess& process) const;
  void start(std::size_t number);
  RunOptions options_with(const std::string& node, const Environment& environment) const;
  RunOptions options_for(std::size_t number);
  void serve(std::chrono::nanoseconds at_most);
  void handle_events();
  void add_remark(Cause& cause) const;
  void settle();
  bool is_over() const;
  void on_run_timeout();

  void fail(Cause cause, Clock::time_point when);
  void collect_links();
  void finish(RunResult& result);
  void doubt(RunResult& result) const;
  void collect_processes(RunResult& result);
  void check_daemons_output(const RunResult& result);
  void read_metrics(RunResult& result);
  void explain_interruption(RunResult& result) const;

  const Plan& plan_;
  ProcessMonitor& monitor_;
  Report& report_;
  RunnerOptions options_;
  Timetable timetable_;
  std::vector<Emulation> emulations_;  // by position in Plan::links
  std::optional<net::Network> network_;
  std::optional<LinkEmulation> emulation_;
  std::vector<LinkResult> links_;  // once the run is over
  bool is_stopping_ = false;
  Clock::time_point start_{};
  std::vector<Running> running_;  // by the number of the process in the plan
  std::vector<Event> events_;
  std::vector<Cause> causes_;
  std::map<std::string, std::string> why_late_;  // by process
  int signal_ = 0;
};

}  // namespace dummynet::scenario

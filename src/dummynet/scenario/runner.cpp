#include "dummynet/scenario/runner.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include "dummynet/scenario/emulation_choice.hpp"
#include "dummynet/scenario/humanise.hpp"
#include "dummynet/scenario/judge.hpp"
#include "dummynet/scenario/metric.hpp"
#include "dummynet/scenario/outcome.hpp"

namespace dummynet::scenario {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kLongestWait = 100ms;  // until the report may show what it held back

/// Whether the file or the machine is to blame for a refused start.
Cause::Kind blame(StartError::Step step) {
  switch (step) {
    case StartError::Step::argument:
    case StartError::Step::working_directory:
    case StartError::Step::input_output:
    case StartError::Step::execute:
      return Cause::Kind::start_failed;
    default:
      return Cause::Kind::machine;
  }
}

}  // namespace

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

bool is_worth_telling(std::string_view message) {
  return message.find("no cgroup for this run") == std::string_view::npos &&
         message.find("no memory cgroup: ") == std::string_view::npos;
}

Runner::Runner(const Plan& plan, ProcessMonitor& monitor, Report& report, RunnerOptions options)
    : plan_{plan},
      monitor_{monitor},
      report_{report},
      options_{std::move(options)},
      timetable_{monitor.poller(), plan.events, [this](const PlannedEvent& event) { carry_out(event); }},
      running_(plan.processes.size()) {}

RunResult Runner::run() {
  start_ = Clock::now();
  report_.run_started(plan_);
  Poller::Id timeout = 0;
  if (find_users() && make_network() && emulate_links()) {
    if (plan_.timeout) timeout = monitor_.poller().add_deadline(start_ + *plan_.timeout, [this] { on_run_timeout(); });
    while (!is_over()) {
      start_what_may_start();
      report_.flush();
      if (!is_over()) serve(kLongestWait);
      handle_events();
    }
    if (!causes_.empty()) settle();
  }
  monitor_.poller().remove(timeout);

  timetable_.stop();
  collect_links();  // while the engine can still be asked; who says goodbye now does so over the same links
  // The callbacks go on: all output comes to the report. What ended by itself just now is told apart by RunInfo.
  monitor_.stop(false, options_.grace);
  handle_events();
  RunResult result;
  finish(result);
  report_.run_ended(result);
  return result;
}

// Before anything is started: half a run as the wrong user would help nobody.
bool Runner::find_users() {
  for (const PlannedProcess& process : plan_.processes) {
    Cause cause;
    cause.kind = Cause::Kind::machine;
    cause.process = process.name;
    cause.node = process.node;
    try {
      const std::optional<std::string> fault =
          process.user.empty() ? std::nullopt : monitor_.find_fault_in_user(process.user);
      if (!fault) continue;
      cause.text = fmt::format("{} cannot be run as this user: {}", process.name, *fault);
    } catch (const StartError&) {
      return true;  // no sandbox at all: make_network() finds the words for it
    }
    fail(std::move(cause), Clock::now());
    return false;
  }
  return true;
}

bool Runner::make_network() {
  try {
    emulations_ = choose_emulations(plan_, [this] { return wire::kernel_has_netem(monitor_); });
    network_.emplace(monitor_, cut_links(plan_, emulations_));
    network_->up();
    return true;
  } catch (const std::exception& error) {
    Cause cause;
    cause.kind = Cause::Kind::machine;
    cause.text =
        fmt::format("the network cannot be made here: {}; `dummynet doctor` looks for the reason", error.what());
    fail(std::move(cause), Clock::now());
    return false;
  }
}

bool Runner::emulate_links() {
  if (plan_.links.empty()) return true;
  try {
    LinkEmulation::Listeners listeners;
    listeners.on_note = [this](const std::string& message) { report_.note(message); };
    listeners.on_engine_end = [this](const std::string& why) {
      if (is_stopping_) return;
      Cause cause;
      cause.kind = Cause::Kind::engine_ended;
      cause.text = why + "; no packet passed any more";
      fail(std::move(cause), Clock::now());
    };
    emulation_.emplace(plan_, emulations_, monitor_, *network_, options_.emulation, std::move(listeners));
    return true;
  } catch (const std::exception& error) {
    Cause cause;
    cause.kind = Cause::Kind::machine;
    cause.text =
        fmt::format("the links cannot be emulated here: {}; `dummynet doctor` looks for the reason", error.what());
    fail(std::move(cause), Clock::now());
    return false;
  }
}

void Runner::carry_out(const PlannedEvent& event) {
  try {
    if (!event.changes.empty()) emulation_->carry_out(event);
    if (event.signal) send(*event.signal);
    report_.event(event);
  } catch (const std::exception& error) {
    Cause cause;
    cause.kind = Cause::Kind::event_failed;
    cause.text = fmt::format("the event at {} ({}) could not be carried out: {}", human_duration(event.at), event.text,
                             error.what());
    fail(std::move(cause), Clock::now());
  }
}

void Runner::send(const PlannedSignal& signal) {
  const ProcessHandle& handle = running_[signal.process].handle;
  if (!handle) throw std::runtime_error{plan_.processes[signal.process].name + " has not been started yet"};
  if (!handle->signal(signal.signal)) throw std::runtime_error{plan_.processes[signal.process].name + " has ended"};
}

void Runner::start_what_may_start() {
  // In the plan's order a process comes after what it waits for, so one pass finds all.
  for (std::size_t i = 0; i < running_.size() && !is_over(); ++i) {
    if (!running_[i].handle && may_start(plan_.processes[i])) start(i);
  }
}

bool Runner::may_start(const PlannedProcess& process) const {
  return std::ranges::all_of(process.depends_on, [this](const PlannedDependency& dependency) {
    const Running& other = running_[dependency.process];
    switch (dependency.condition) {
      case Condition::started:
        return static_cast<bool>(other.handle);
      case Condition::ready:
        return other.was_ready;
      case Condition::completed:
        return other.ended.has_value();
      case Condition::succeeded:
        return other.ended && other.ended->succeeded();
    }
    return false;
  });
}

void Runner::start(std::size_t number) {
  const PlannedProcess& process = plan_.processes[number];
  try {
    running_[number].handle = monitor_.run_process_async(process.command, options_for(number));
    report_.process_started(process);
    if (!process.daemon) timetable_.start(Clock::now());
  } catch (const StartError& error) {
    Cause cause;
    cause.kind = blame(error.step());
    cause.process = process.name;
    cause.node = process.node;
    cause.text = fmt::format("{}: {}", process.name, error.what());
    fail(std::move(cause), Clock::now());
  }
}

RunOptions Runner::options_on(const std::string& node) const {
  const auto environment = plan_.environments.find(node);
  return options_with(node, environment == plan_.environments.end() ? Environment{} : environment->second);
}

RunOptions Runner::options_with(const std::string& node, const Environment& environment) const {
  if (!network_) throw std::logic_error{"Runner::options_on() before there is a network"};
  RunOptions options;
  options.place = network_->place(node);
  options.env.insert(environment.begin(), environment.end());
  options.env["DUMMYNET_NODE"] = node;
  options.env["DUMMYNET_RUN"] = options_.run;
  return options;
}

RunOptions Runner::options_for(std::size_t number) {
  const PlannedProcess& process = plan_.processes[number];
  RunOptions options = options_with(process.node, process.environment);
  options.name = process.name;
  options.daemon = process.daemon;
  options.timeout = process.timeout;
  options.ready = process.ready;
  for (const PlannedDependency& dependency : process.depends_on) {
    options.depends_on.push_back(running_[dependency.process].handle);
  }
  options.cwd = process.cwd;
  options.user = process.user;
  options.account_memory = true;
  // Only noted here, since a process may be ready before run_process_async() has returned its handle.
  options.on_ready = [this, number](const RunInfo& info) { events_.push_back({number, false, info}); };
  options.on_end = [this, number](const RunInfo& info) { events_.push_back({number, true, info}); };
  options.on_line = [this, &process](const OutputLine& line) { report_.output(process, line); };
  return options;
}

void Runner::serve(std::chrono::nanoseconds at_most) {
  // One wake-up, then back: keep_running() itself would not return before its time when something becomes ready.
  pollfd news{monitor_.fd(), POLLIN, 0};
  ::poll(&news, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(at_most).count()));
  try {
    monitor_.keep_running(0ns);
  } catch (const NoProcessesError&) {  // while daemons become ready, which is what we wait for
  } catch (const GroupError& failures) {
    // Each has come through on_end as well, and is judged there. Only here it is said what stood in the way.
    for (const TimeoutError& late : failures.find<TimeoutError>()) why_late_[late.info().name] = late.what();
  }
}

void Runner::handle_events() {
  // Report first, judge then: the cause shall stand below what it is about.
  for (std::size_t i = 0; i < events_.size(); ++i) {
    const Event event = std::move(events_[i]);
    const PlannedProcess& process = plan_.processes[event.process];
    Running& running = running_[event.process];
    if (!event.is_end) {
      running.was_ready = true;
      if (process.ready) report_.process_ready(process, event.info.ready.value_or(event.info.start) - event.info.start);
      continue;
    }
    running.ended = event.info;
    report_.process_ended(process, event.info);
    std::optional<Cause> cause = judge_ending(process, event.info);
    if (!cause && !event.info.stopped && !process.daemon) cause = judge_output(process, event.info);
    if (!cause) continue;
    if (cause->kind == Cause::Kind::never_ready) add_remark(*cause);
    fail(std::move(*cause), event.info.end.value_or(Clock::now()));
  }
  events_.clear();
}

void Runner::add_remark(Cause& cause) const {
  const auto found = why_late_.find(cause.process);
  if (found == why_late_.end()) return;
  // "…was not ready within 10s: waited for tcp port 5201 to listen; port 5201 is held by PID 17 (nc)", then its output.
  const std::string_view text{found->second};
  const std::string_view line = text.substr(0, text.find('\n'));
  const std::size_t remark = line.rfind("; ");
  if (remark != std::string_view::npos) cause.text += line.substr(remark);
}

void Runner::settle() {
  // The failure may be the consequence of another one that shows itself a moment later: see kSimultaneous.
  const auto until = Clock::now() + kSimultaneous;
  for (auto now = Clock::now(); now < until; now = Clock::now()) {
    serve(until - now);
    handle_events();
  }
}

bool Runner::is_over() const {
  if (!causes_.empty() || signal_ != 0) return true;
  for (std::size_t i = 0; i < running_.size(); ++i) {
    if (!plan_.processes[i].daemon && !running_[i].ended) return false;
  }
  return true;
}

void Runner::interrupt(int signal) {
  if (signal_ == 0) {
    signal_ = signal;
    report_.note(fmt::format("{}: stopping; once more to kill everything now", signal_name(signal)));
    report_.flush();
    return;
  }
  for (const Running& running : running_) {
    // Not a mere SIGKILL: what we end is stopped, and did not fail by itself.
    if (running.handle) running.handle->stop(std::chrono::nanoseconds::zero());
  }
}

void Runner::on_run_timeout() {
  Cause cause;
  cause.kind = Cause::Kind::run_timeout;
  std::vector<std::string> clients;
  for (std::size_t i = 0; i < running_.size(); ++i) {
    if (plan_.processes[i].daemon || running_[i].ended || !running_[i].handle) continue;
    if (clients.empty()) {
      cause.process = plan_.processes[i].name;
      cause.node = plan_.processes[i].node;
      cause.last_lines = last_lines(running_[i].handle->info());
    }
    clients.push_back(plan_.processes[i].name);
  }
  cause.text = fmt::format("the run took longer than its timeout of {}", human_duration(*plan_.timeout));
  if (clients.empty()) {
    cause.text += "; no client had been started";
  } else {
    cause.text += fmt::format("; {} {} still running", human_list(clients), clients.size() == 1 ? "was" : "were");
  }
  fail(std::move(cause), Clock::now());
}

void Runner::fail(Cause cause, Clock::time_point when) {
  cause.at = when - start_;
  causes_.push_back(std::move(cause));
}

}  // namespace dummynet::scenario

#include "dummynet/core/monitor.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "dummynet/core/deadline.hpp"
#include "dummynet/core/monitor_state.hpp"
#include "dummynet/core/user.hpp"

namespace dummynet {

using namespace std::chrono_literals;

namespace {

// What a failure ended before its time is told beside it: both facts, not one.
[[noreturn]] void cut_short(MonitorState& state, ProcessRecord& record) {
  state.end(record, 0ns, true);
  state.wait_finished(record, Clock::now() + 5s);
  state.rethrow_callback_error();
  const std::exception_ptr own = state.failure_of(record);
  state.add_failure(record, own ? own : std::make_exception_ptr(RunInfoError{record.info}));
  throw GroupError{state.take_failures()};
}

}  // namespace

ProcessMonitor::ProcessMonitor(MonitorOptions options) : state_{std::make_unique<MonitorState>(std::move(options))} {}
ProcessMonitor::~ProcessMonitor() = default;

RunInfo ProcessMonitor::run_process(const Command& command, const RunOptions& options) {
  state_->require_outside_callback("run_process");
  if (options.daemon) {
    throw StartError{StartError::Step::argument, "daemon", 0, command.text(), "run_process would wait for it for ever"};
  }
  if (options.bystander) {
    throw StartError{StartError::Step::argument, "bystander", 0, command.text(), "run_process waits for it"};
  }
  RunOptions awaited = options;
  awaited.await_start = true;
  const auto process = state_->start(command, awaited, MonitorState::Role::blocking);
  ProcessRecord& record = process->record();
  bool asked_to_end = false;
  while (!record.finished) {
    state_->pump(state_->has_news() ? 0ns : -1ns);
    if (record.finished) break;
    try {
      state_->rethrow_callback_error();
    } catch (...) {
      state_->end(record, 0ns, true);  // nobody would wait for it any more
      state_->wait_finished(record, Clock::now() + 5s);
      throw;
    }
    if (state_->has_failures()) cut_short(*state_, record);
    if (state_->stop_requested && !std::exchange(asked_to_end, true)) state_->end(record, options.grace, true);
  }
  const std::exception_ptr own = state_->failure_of(record);
  if (own && state_->has_callback_error()) state_->add_failure(record, own);  // told next time
  state_->rethrow_callback_error();
  if (!state_->has_failures()) {
    if (own) std::rethrow_exception(own);
    return record.info;
  }
  if (own) state_->add_failure(record, own);
  throw GroupError{state_->take_failures()};
}

ProcessHandle ProcessMonitor::run_process_async(const Command& command, const RunOptions& options) {
  const auto role = options.bystander ? MonitorState::Role::probe : MonitorState::Role::async;
  return ProcessHandle{state_->start(command, options, role)};
}

RunInfo ProcessMonitor::wait_ready(const ProcessHandle& handle) {
  state_->require_outside_callback("wait_ready");
  ProcessRecord& record = handle->record();
  if (record.monitor != state_.get() && record.monitor != nullptr) {
    throw std::invalid_argument{"wait_ready: this process belongs to another monitor"};
  }
  while (!record.info.ready && !record.finished) {
    state_->pump(state_->has_news() ? 0ns : -1ns);
    state_->rethrow_callback_error();
    if (state_->stop_requested) break;
    if (state_->has_failures()) break;
  }
  if (state_->has_failures()) {
    std::vector<std::exception_ptr> all = state_->take_failures();
    if (all.size() == 1 && record.finished) std::rethrow_exception(all.front());
    throw GroupError{std::move(all)};
  }
  if (!record.info.ready && record.finished && !record.info.stopped) throw RunInfoError{record.info};
  return state_->snapshot(record);
}

bool ProcessMonitor::keep_running(std::chrono::nanoseconds timeout) {
  state_->require_outside_callback("keep_running");
  const auto deadline = deadline_after(timeout);
  for (bool first = true;; first = false) {
    const bool over = state_->live_clients == 0 || state_->stop_requested;
    const auto rest = std::max<std::chrono::nanoseconds>(deadline - Clock::now(), 0ns);
    if (!first && (over || rest == 0ns)) break;
    state_->pump(over || state_->has_news() ? 0ns : rest);
    state_->throw_pending();
    if (state_->clients_started == 0 && state_->daemons_started > 0) throw NoProcessesError{};
  }
  return state_->live_clients > 0 && !state_->stop_requested;
}

void ProcessMonitor::stop(bool validate_state, std::chrono::nanoseconds timeout) {
  state_->require_outside_callback("stop");
  state_->pump(0ns);  // what ended before the stop ended by itself
  state_->stop_all(std::max<std::chrono::nanoseconds>(timeout, 0ns));
  if (!validate_state) state_->take_failures();
  state_->rethrow_callback_error();  // failures, if there are any, are told next time
  std::vector<std::exception_ptr> failures = state_->take_failures();
  if (!failures.empty()) throw GroupError{std::move(failures)};
}

void ProcessMonitor::stop_process_async(const ProcessHandle& target, std::chrono::nanoseconds timeout) {
  Process& process = *target;
  const MonitorState* its = process.record().monitor;
  if (its != nullptr && its != state_.get()) {
    throw std::invalid_argument{"stop_process_async: process '" + process.name() + "' belongs to another monitor"};
  }
  process.stop(timeout);
}

void ProcessMonitor::request_stop() noexcept {
  state_->stop_requested = true;
  state_->wake();
}
bool ProcessMonitor::stop_requested() const noexcept { return state_->stop_requested; }

int ProcessMonitor::fd() const noexcept { return state_->poller().fd(); }
ProcessMonitor::Poller& ProcessMonitor::poller() noexcept { return state_->poller(); }
const MonitorOptions& ProcessMonitor::options() const noexcept { return state_->options(); }
Warden& ProcessMonitor::warden() { return state_->warden(); }
std::optional<std::string> ProcessMonitor::find_fault_in_user(const std::string& user) {
  try {
    resolve_user(user, state_->standing());
    return std::nullopt;
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}
Containment ProcessMonitor::containment() { return state_->warden().containment(); }

}  // namespace dummynet

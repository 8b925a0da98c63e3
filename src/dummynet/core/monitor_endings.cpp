// MonitorState, part: what the warden tells, and when a process is over.

#include <sys/wait.h>

#include <algorithm>

#include "dummynet/core/deadline.hpp"
#include "dummynet/core/monitor_state.hpp"
#include "dummynet/core/readiness.hpp"

namespace dummynet {

namespace {

using namespace std::chrono_literals;

Ending to_ending(const warden::Ended& ended) {
  if (ended.code == CLD_EXITED) return Exited{ended.status};
  return Killed{ended.status, ended.code == CLD_DUMPED};
}

}  // namespace

void MonitorState::handle_messages(WardenProcess& warden) {
  // With one process there is one message, and asking for another would be a system call for nothing.
  while (auto message = warden.take()) {
    handle(*message);
    if (live_.empty() && !warden.has_kept()) break;
  }
  if (warden.is_lost() && (&warden == warden_.get() || &warden == sudo_warden_.get())) on_lost(warden);
}

void MonitorState::handle(WardenProcess::Message& message) {
  const ProcessPtr process = find(message.id);
  if (!process) return;
  ProcessRecord& record = process->record();
  switch (message.type) {
    case warden::Type::started:
      return has_started(record, message);
    case warden::Type::refused:
      if (const auto refusal = warden::parse<warden::Refusal>(message.body)) on_refused(record, *refusal);
      return;
    case warden::Type::ended:
      if (const auto ended = warden::parse<warden::Ended>(message.body)) on_ended(record, *ended);
      return;
    case warden::Type::tree_gone:
      if (const auto gone = warden::parse<warden::TreeGone>(message.body)) on_tree_gone(record, *gone);
      return;
    default:
      return;
  }
}

void MonitorState::on_refused(ProcessRecord& record, const warden::Refusal& refusal) {
  if (record.started) return;
  const ProcessPtr keep = find(record.id);
  record.info.ending = Unknown{"it was never started"};
  record.finished = true;
  cancel(record.timeout);
  close_output(record, record.out);
  close_output(record, record.err);
  record.readiness.reset();
  if (!record.internal) {
    if (!record.options.daemon) --live_clients;
    failures_[record.order] = std::make_exception_ptr(to_start_error(refusal, record.info.command.text()));
  }
  bury(record);
}

void MonitorState::on_ended(ProcessRecord& record, const warden::Ended& ended) {
  record.leader_ended = true;
  record.info.ending = to_ending(ended);
  record.info.end = Clock::now();
  record.info.resources = to_resources(ended.usage);
  record.tree_gone = ended.tree_empty;
  cancel(record.timeout);
  if (record.readiness) record.readiness->process_ended();
  if (record.tree_gone && !record.out.fd && !record.err.fd) return finish_if_over(record);
  if (!record.tree_gone && record.info.timed_out) kill_tree(record);
  arm_drain(record);
}

void MonitorState::on_tree_gone(ProcessRecord& record, const warden::TreeGone& gone) {
  record.tree_gone = true;
  record.info.resources = to_resources(gone.usage);
  for (const warden::Member& member : gone.killed) record.info.leftovers.push_back({member.pid, member.command});
  if (record.finished) {  // it had been left alone until now: leave_tree
    const ProcessPtr keep = find(record.id);
    close_output(record, record.out);
    close_output(record, record.err);
    bury(record);
    return;
  }
  // Nobody of its own can write any more; who else holds the pipe does not count.
  if (record.leader_ended) {
    drain_now(record, record.out);
    drain_now(record, record.err);
  }
  finish_if_over(record);
}

void MonitorState::on_timeout(ProcessRecord& record) {
  record.timeout = 0;
  record.info.timed_out = true;
  end(record, record.options.grace, false);
}

void MonitorState::arm_drain(ProcessRecord& record) {
  record.last_output = std::max(record.last_output, *record.info.end);
  cancel(record.drain);
  record.drain = poller_.add_deadline(deadline_after(record.options.drain, record.last_output),
                                      [this, &record] { on_drain(record); });
}

void MonitorState::on_drain(ProcessRecord& record) {
  record.drain = 0;
  const ProcessPtr keep = find(record.id);
  if (deadline_after(record.options.drain, record.last_output) > Clock::now()) return arm_drain(record);
  if (record.options.leave_tree) {
    record.drained = true;
  } else if (!record.tree_gone) {
    return kill_tree(record);
  } else {
    drain_now(record, record.out);
    drain_now(record, record.err);
  }
  finish_if_over(record);
}

void MonitorState::finish_if_over(ProcessRecord& record) {
  if (record.finished || !record.leader_ended) return;
  const bool output_over = !record.out.fd && !record.err.fd;
  if ((record.tree_gone && output_over) || record.drained) finish(record);
}

std::exception_ptr MonitorState::failure_of(const ProcessRecord& record) const {
  const RunInfo& info = record.info;
  if (info.stopped) return nullptr;
  if (!record.ready_failure.empty()) return std::make_exception_ptr(TimeoutError{record.ready_failure, info});
  if (info.timed_out) {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3gs", std::chrono::duration<double>(*record.options.timeout).count());
    return std::make_exception_ptr(TimeoutError{std::string{"ran longer than its timeout of "} + seconds, info});
  }
  if (info.daemon) return std::make_exception_ptr(DaemonExitError{info});
  if (!info.succeeded()) return std::make_exception_ptr(RunInfoError{info});
  return nullptr;
}

void MonitorState::bury(ProcessRecord& record) {
  const auto found = live_.find(record.id);
  if (found == live_.end()) return;
  ended_.push_back(std::move(found->second));
  live_.erase(found);
}

void MonitorState::finish(ProcessRecord& record) {
  const ProcessPtr keep = find(record.id);
  record.finished = true;
  for (Poller::Id* id : {&record.timeout, &record.drain, &record.escalation, &record.input.watch}) cancel(*id);
  record.input.fd.reset();
  record.readiness.reset();
  // With leave_tree the pipes stay served while the tree lives, and what comes is dropped: the record is complete now.
  record.info.out = record.out.kept.take();
  record.info.err = record.err.kept.take();
  if (record.tree_gone) {
    close_output(record, record.out);
    close_output(record, record.err);
    bury(record);
  }
  if (!record.internal && !record.options.daemon) --live_clients;
  if (!record.internal && !record.blocking) {
    if (auto failure = failure_of(record)) failures_[record.order] = std::move(failure);
  }
  if (record.options.on_end) call_back([keep] { keep->record().options.on_end(keep->record().info); });
}

}  // namespace dummynet

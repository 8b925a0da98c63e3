// MonitorState, part: ending everything.

#include <algorithm>

#include "dummynet/core/deadline.hpp"
#include "dummynet/core/monitor_state.hpp"
#include "dummynet/core/readiness.hpp"

namespace dummynet {

using namespace std::chrono_literals;

namespace {

// Who is asked to end is killed together with all others, or not at all.
constexpr auto kNever = std::chrono::nanoseconds::max();
// What a process has at least that ends last.
constexpr auto kLastTime = 100ms;

}  // namespace

std::vector<MonitorState::ProcessPtr> MonitorState::live_in_order(bool daemons) const {
  std::vector<ProcessPtr> found;
  for (const auto& [id, process] : live_) {
    const ProcessRecord& record = process->record();
    if (!record.internal && record.options.daemon == daemons) found.push_back(process);
  }
  std::sort(found.begin(), found.end(),
            [](const ProcessPtr& a, const ProcessPtr& b) { return a->record().order < b->record().order; });
  return found;
}

void MonitorState::stop_clients(Clock::time_point until) {
  const std::vector<ProcessPtr> clients = live_in_order(false);
  // The whole time is theirs, if they need it; killing is for kill_everything(), all at once.
  for (const ProcessPtr& client : clients) end(client->record(), kNever, true);
  pump_until(
      [&] {
        return std::all_of(clients.begin(), clients.end(),
                           [](const ProcessPtr& one) { return one->record().tree_gone; });
      },
      until);
}

void MonitorState::stop_daemons(Clock::time_point from, Clock::time_point until) {
  std::vector<ProcessPtr> waiting = live_in_order(true);
  const auto is_dependent = [](const ProcessPtr& dependent, const ProcessPtr& on) {
    const auto& needs = dependent->record().options.depends_on;
    return std::any_of(needs.begin(), needs.end(),
                       [&](const ProcessHandle& need) { return need && &*need == on.get(); });
  };
  const std::vector<ProcessPtr> all = waiting;
  // Each round ends those on which nobody who lives depends; a round may take its share of the time and no more.
  const auto rounds_left = static_cast<long>(std::max<std::size_t>(all.size(), 1));
  const auto share = (until - from) / rounds_left;
  for (auto round_end = from + share; !waiting.empty(); round_end += share) {
    std::vector<ProcessPtr> next;
    for (const ProcessPtr& one : waiting) {
      const bool needed = std::any_of(waiting.begin(), waiting.end(),
                                      [&](const ProcessPtr& other) { return is_dependent(other, one); });
      if (!needed) next.push_back(one);
    }
    if (next.empty()) next = waiting;  // a circle: all at once
    for (const ProcessPtr& one : next) {
      end(one->record(), kNever, true);
      std::erase(waiting, one);
    }
    const auto gone = [&] {
      return std::all_of(next.begin(), next.end(), [](const ProcessPtr& one) { return one->record().tree_gone; });
    };
    pump_until(gone, waiting.empty() ? until : std::min(round_end, until));
  }
}

void MonitorState::stop_last(Clock::time_point until) {
  std::vector<ProcessPtr> last;
  for (const auto& [id, process] : live_) {
    if (process->record().options.ends_last) last.push_back(process);
  }
  for (const ProcessPtr& one : last) end(one->record(), kNever, true);
  // Others may have used up all the time; it needs next to none.
  pump_until(
      [&] {
        return std::all_of(last.begin(), last.end(), [](const ProcessPtr& one) { return one->record().tree_gone; });
      },
      std::max(until, Clock::now() + kLastTime));
}

void MonitorState::kill_everything() {
  // Root's first: it ends by itself when its socket does, and is in our tree.
  if (sudo_warden_) {
    const auto id = sudo_warden_->next_id();
    if (sudo_warden_->send(warden::Type::kill_all, id)) sudo_warden_->await(id, warden::Type::all_gone);
    handle_messages(*sudo_warden_);
    if (sudo_warden_) {
      cancel(sudo_watch_);
      lost_wardens_.push_back(std::move(sudo_warden_));
    }
    lost_wardens_.clear();
  }
  if (!warden_) return;
  const auto id = warden_->next_id();
  if (warden_->send(warden::Type::kill_all, id)) {
    const auto answer = warden_->await(id, warden::Type::all_gone);
    if (const auto gone = warden::parse<warden::AllGone>(answer.body)) {
      for (const auto& one : gone->stuck) {
        log("process " + std::to_string(one.pid) + " (" + one.command +
            ") cannot be killed: it is another user's, or sleeps uninterruptibly in the kernel");
      }
    }
  }
  handle_messages(*warden_);
}

void MonitorState::stop_all(std::chrono::nanoseconds timeout) {
  stopping_ = true;
  const auto begin = Clock::now();
  const auto until = deadline_after(timeout, begin);
  for (auto& [id, process] : live_) {
    if (process->record().internal && !process->record().options.ends_last) kill_tree(process->record());
    if (process->record().readiness) process->record().readiness->abandon();
  }
  stop_clients(deadline_after(timeout / 2, begin));
  stop_daemons(Clock::now(), until);
  // Clients that used up their half still have the other one.
  const auto may_remain = [](const auto& one) { return one.second->record().options.ends_last; };
  pump_until([&] { return std::all_of(live_.begin(), live_.end(), may_remain); }, until);
  stop_last(until);
  for (auto& [id, process] : live_) {
    ProcessRecord& record = process->record();
    mark_stopped(record);
    record.kill_sent = true;
  }
  try {
    kill_everything();
  } catch (const StartError& lost) {
    log(lost.what());
  }
  // All are dead; what they had written is in the pipes.
  pump(0ns);
  std::vector<ProcessPtr> rest;
  for (auto& [id, process] : live_) rest.push_back(process);
  for (const ProcessPtr& process : rest) {
    ProcessRecord& record = process->record();
    if (!record.leader_ended) {
      record.leader_ended = true;
      record.info.ending = Unknown{"it could not be killed"};
      record.info.end = Clock::now();
    }
    record.tree_gone = true;
    drain_now(record, record.out);
    drain_now(record, record.err);
    if (record.finished) {
      bury(record);
    } else {
      finish_if_over(record);
    }
  }
  pump(0ns);
  stopping_ = false;
  live_clients = 0;
  clients_started = 0;
  daemons_started = 0;
  stop_requested = false;
}

}  // namespace dummynet

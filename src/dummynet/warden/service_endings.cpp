// Service, part: what has ended, what lives on, and what has to end.

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "dummynet/os/proc_scan.hpp"
#include "dummynet/warden/service.hpp"

namespace dummynet::warden {

namespace {

// What cannot be killed for this long is named: it sleeps uninterruptibly in the kernel.
constexpr std::chrono::seconds kStuckAfter{2};
// What we may not kill is given up after so many looks: meanwhile the rest of it may still be dying.
constexpr int kLooksRefused = 20;
constexpr std::chrono::microseconds kLongLook{200};
constexpr int kLookShare = 4;  // looking takes a fifth of the time at most, while there is something else to do

}  // namespace

void Service::tell(const std::vector<os::Reaper::Ending>& endings) {
  std::vector<std::pair<Tree*, const siginfo_t*>> over;
  for (const os::Reaper::Ending& ending : endings) {
    Tree* tree = trees_.find_leader(ending.info.si_pid);
    if (tree == nullptr) continue;  // an orphan that was left to us
    trees_.leader_gone(*tree, ending.usage);
    over.emplace_back(tree, &ending.info);
  }
  if (over.empty()) return;
  // Every orphan comes to us: without any child there is no descendant either, and nothing to be looked up.
  const bool alone = reaper_.no_children();
  const bool look = !alone && may_look();
  const Orphans orphans = look ? look_for_orphans() : Orphans{};
  for (const auto& [tree, info] : over) {
    Ended ended;
    ended.code = info->si_code;
    ended.status = info->si_status;
    ended.tree_empty = alone || ((look || tree->slot >= 0) && trees_.is_gone(*tree, orphans));
    ended.usage = trees_.usage(*tree);
    reply(Type::ended, tree->id, ended);
    if (ended.tree_empty) trees_.remove(*tree);
  }
}

void Service::look_after_lingering() {
  const std::vector<Tree*> lingering = trees_.lingering();
  look_put_off_ = !lingering.empty() && !may_look();
  if (lingering.empty() || look_put_off_) return;
  const Orphans orphans = look_for_orphans();
  for (Tree* tree : lingering) {
    if (!trees_.is_gone(*tree, orphans)) {
      if (tree->being_killed) trees_.kill(*tree);
      continue;
    }
    TreeGone gone;
    gone.killed = std::move(tree->killed);
    gone.usage = trees_.usage(*tree);
    reply(Type::tree_gone, tree->id, gone);
    trees_.remove(*tree);
  }
}

// With thousands of children a look takes milliseconds. Then it is not made for each ending and each request, but for
// all since the last one together.
Orphans Service::look_for_orphans() {
  const auto begin = Clock::now();
  Orphans orphans = trees_.orphans();
  const auto end = Clock::now();
  next_look_ = end - begin > kLongLook ? end + kLookShare * (end - begin) : end;
  return orphans;
}

void Service::look_after_kill_all() {
  tell(reaper_.take_all());
  look_after_lingering();
  AllGone gone;
  if (!reaper_.no_children() || !trees_.empty()) {
    if (!trees_.kill_all()) ++kill_all_refused_;
    if (Clock::now() - kill_all_since_ < kStuckAfter && kill_all_refused_ < kLooksRefused) return;
    for (const os::ProcessStat& one : os::read_processes()) {
      const bool ours = setup_.own_pid_namespace ? one.pid != ::getpid() : one.parent == ::getpid();
      if (ours && one.state != 'Z') gone.stuck.push_back({one.pid, one.command});
    }
  }
  reply(Type::all_gone, *kill_all_id_, gone);
  kill_all_id_.reset();
}

// The owner is gone: nothing may remain. As PID 1 our own end is what makes that certain.
void Service::shut_down() {
  replies_.close();
  const Clock::time_point deadline = Clock::now() + 5 * kStuckAfter;
  int refused = 0;
  do {
    if (!trees_.kill_all()) ++refused;
    tell(reaper_.take_all());
    const Orphans orphans = trees_.orphans();
    for (Tree* tree : trees_.lingering()) {
      if (trees_.is_gone(*tree, orphans)) trees_.remove(*tree);
    }
    if (reaper_.no_children() && trees_.empty()) break;
    pollfd watched{signals_.get(), POLLIN, 0};
    ::poll(&watched, 1, 2);
    if (watched.revents != 0) read_signals();
  } while (Clock::now() < deadline && refused < kLooksRefused);
  if (setup_.cgroups) setup_.cgroups->destroy();
}

}  // namespace dummynet::warden

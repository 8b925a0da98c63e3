#include "dummynet/warden/trees.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "dummynet/os/proc_scan.hpp"

namespace dummynet::warden {

namespace {

constexpr int kQuickLooks = 100;
constexpr std::chrono::milliseconds kOldestTable{50};

std::uint64_t microseconds(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_usec);
}

}  // namespace

Tree& Trees::add(std::unique_ptr<Tree> tree) {
  Tree& added = *tree;
  by_leader_[added.leader] = &added;
  if (added.slot < 0) ++without_cgroup_;
  by_id_[added.id] = std::move(tree);
  return added;
}

Tree* Trees::find(std::uint32_t id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.get();
}

Tree* Trees::find_leader(pid_t pid) {
  const auto found = by_leader_.find(pid);
  return found == by_leader_.end() ? nullptr : found->second;
}

void Trees::leader_gone(Tree& tree, const rusage& used) {
  by_leader_.erase(tree.leader);
  tree.leader_alive = false;
  tree.rusage_user_us = microseconds(used.ru_utime);
  tree.rusage_system_us = microseconds(used.ru_stime);
  tree.rusage_cpu_us = tree.rusage_user_us + tree.rusage_system_us;
  tree.max_rss_bytes = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
  lingering_.push_back(&tree);
}

void Trees::remove(Tree& tree) {
  std::erase(lingering_, &tree);
  if (tree.slot >= 0) {
    pool_->release(tree.slot);
  } else {
    --without_cgroup_;
  }
  if (tree.memory_v1) {
    tree.memory_v1.reset();
    const std::string own = os::CgroupV1::where_am_i();
    if (!own.empty()) os::CgroupV1::open(own).remove_child(memory_cgroup_prefix(run_) + std::to_string(tree.id));
  }
  by_id_.erase(tree.id);
}

std::string Trees::mark(std::uint32_t id) const {
  return pool_ != nullptr ? std::string{} : mark_prefix() + std::to_string(id);
}

bool Trees::is_adopted_from(const Tree& tree, const Orphans::One& orphan) const {
  return (orphan.session == tree.leader && number_is_ours(tree)) ||
         (!orphan.mark.empty() && orphan.mark == mark(tree.id));
}

// After the leader was reaped its number can come again; group and session of that number are then somebody else's.
bool Trees::number_is_ours(const Tree& tree) {
  return tree.leader_alive || (::kill(tree.leader, 0) != 0 && errno == ESRCH);
}

Trees::Snapshot Trees::take_snapshot() const {
  Snapshot snapshot{ProcessTable{os::read_processes()}, {}};
  for (const os::ProcessStat* child : snapshot.table.children_of(::getpid())) {
    if (by_leader_.contains(child->pid)) continue;
    snapshot.orphans.push_back({child->pid, child->session, find_mark(child->pid, mark_prefix())});
  }
  return snapshot;
}

const Trees::Snapshot& Trees::recent_snapshot() const {
  const auto begin = std::chrono::steady_clock::now();
  if (!recent_ || begin >= recent_until_) {
    recent_.emplace(take_snapshot());
    const auto end = std::chrono::steady_clock::now();
    recent_until_ = end + std::min<std::chrono::steady_clock::duration>(end - begin, kOldestTable);
  }
  return *recent_;
}

std::vector<const os::ProcessStat*> Trees::scan(const Tree& tree, const Snapshot& snapshot) const {
  const ProcessTable& table = snapshot.table;
  std::vector<const os::ProcessStat*> first;
  if (tree.leader_alive) {
    if (const os::ProcessStat* leader = table.find(tree.leader)) first.push_back(leader);
  }
  if (number_is_ours(tree)) {
    const auto session = table.in_session(tree.leader);
    first.insert(first.end(), session.begin(), session.end());
  }
  for (const Orphans::One& orphan : snapshot.orphans) {
    if (is_adopted_from(tree, orphan)) first.push_back(table.find(orphan.pid));
  }
  return table.with_descendants(std::move(first));
}

std::vector<Member> Trees::members(const Tree& tree) const {
  std::vector<Member> found;
  if (tree.slot < 0) {
    const Snapshot now = take_snapshot();
    for (const os::ProcessStat* one : scan(tree, now)) found.push_back({one->pid, one->command});
    return found;
  }
  for (const pid_t pid : pool_->processes(tree.slot)) {
    const auto stat = os::read_process(pid);
    if (stat && stat->state != 'Z') found.push_back({pid, stat->command});
  }
  return found;
}

Orphans Trees::orphans() const {
  Orphans orphans;
  if (without_cgroup_ == 0) return orphans;
  const auto children = os::read_children();
  orphans.known = children.has_value();
  for (const pid_t pid : children.value_or(std::vector<pid_t>{})) {
    if (by_leader_.contains(pid)) continue;
    const auto stat = os::read_process(pid);
    if (stat && stat->state != 'Z') orphans.all.push_back({pid, stat->session, find_mark(pid, mark_prefix())});
  }
  return orphans;
}

bool Trees::is_gone(const Tree& tree, const Orphans& orphans) const {
  if (tree.slot >= 0) return !pool_->is_populated(tree.slot);
  const bool group_lives = number_is_ours(tree) && (::kill(-tree.leader, 0) == 0 || errno == EPERM);
  // Its process group may live on as zombies that wait for us.
  if (group_lives || !orphans.known) return scan(tree, take_snapshot()).empty();
  return std::none_of(orphans.all.begin(), orphans.all.end(),
                      [&](const Orphans::One& one) { return is_adopted_from(tree, one); });
}

// A number from the table may be somebody else's by now, unless its process started when ours did.
void Trees::send(int number, const std::vector<const os::ProcessStat*>& to) const {
  for (const os::ProcessStat* one : to) {
    const auto now = os::read_process(one->pid);
    if (now && now->start_ticks == one->start_ticks) ::kill(one->pid, number);
  }
}

void Trees::signal(const Tree& tree, int number, bool whole_tree) const {
  if (tree.leader_alive && !whole_tree) {
    ::kill(tree.leader, number);
    return;
  }
  if (!whole_tree) return;
  if (tree.slot < 0) return send(number, scan(tree, recent_snapshot()));
  for (const Member& member : members(tree)) ::kill(member.pid, number);
}

void Trees::kill(Tree& tree) {
  tree.being_killed = true;
  if (tree.slot >= 0) {
    pool_->kill(tree.slot);
    if (tree.leader_alive) ::kill(tree.leader, SIGKILL);  // somebody may have moved it to another cgroup
    return;
  }
  if (tree.leader_alive) ::kill(tree.leader, SIGKILL);
  if (number_is_ours(tree)) ::kill(-tree.leader, SIGKILL);
  // Whoever forks while we look is found by the next look: the service comes back until nothing is left.
  send(SIGKILL, scan(tree, recent_snapshot()));
}

bool Trees::kill_all() {
  if (everything_is_ours_) {
    ::kill(-1, SIGKILL);
    return true;
  }
  if (pool_ != nullptr) {
    for (const auto& [id, tree] : by_id_) kill(*tree);
    return true;
  }
  // First the quick way, again and again: it outruns chains of processes that fork and exit, whose every link is an
  // orphan and so our child; and it knows those whose tree nobody can tell any more.
  bool any_left = false;
  bool reached = false;
  std::set<pid_t> seen;
  for (int look = 0; look < kQuickLooks; ++look) {
    const auto children = os::read_children();
    bool news = false;
    for (const pid_t pid : children.value_or(std::vector<pid_t>{})) {
      any_left = true;
      reached = ::kill(pid, SIGKILL) == 0 || errno != EPERM || reached;
      news = seen.insert(pid).second || news;
    }
    if (!news) break;
  }
  for (const auto& [id, tree] : by_id_) tree->being_killed = true;
  // Then the rest of all trees at once: whatever descends from us.
  const ProcessTable table{os::read_processes()};
  send(SIGKILL, table.with_descendants(table.children_of(::getpid())));
  return reached || !any_left;
}

std::vector<Tree*> Trees::lingering() const { return lingering_; }

bool Trees::any_being_killed() const {
  return std::any_of(lingering_.begin(), lingering_.end(), [](const Tree* tree) { return tree->being_killed; });
}

Usage Trees::usage(const Tree& tree) const {
  Usage usage;
  usage.max_rss_bytes = tree.max_rss_bytes;
  const auto cpu = tree.slot >= 0 ? pool_->cpu_time(tree.slot) : std::nullopt;
  if (cpu) {
    usage.cpu_us = static_cast<std::uint64_t>(cpu->usage.count());
    usage.cpu_user_us = static_cast<std::uint64_t>(cpu->user.count());
    usage.cpu_system_us = static_cast<std::uint64_t>(cpu->system.count());
    usage.cpu_source = Source::cgroup_v2;
  } else if (!tree.leader_alive) {
    usage.cpu_us = tree.rusage_cpu_us;
    usage.cpu_user_us = tree.rusage_user_us;
    usage.cpu_system_us = tree.rusage_system_us;
    usage.cpu_source = Source::rusage;
  }
  // The kernel splits user and system by estimate; where it knows no better, the leader's own split is closer.
  if (!tree.leader_alive) {
    usage.memory_peak_bytes = tree.max_rss_bytes;
    usage.memory_peak_source = Source::rusage;
  }
  const auto v2_now =
      tree.slot >= 0 && pool_->accounts_memory() ? pool_->memory_current_bytes(tree.slot) : std::nullopt;
  const auto v2_peak = tree.account_memory && v2_now ? pool_->memory_peak_bytes(tree.slot) : std::nullopt;
  if (v2_now) {
    usage.memory_now_bytes = *v2_now;
    usage.memory_now_source = Source::cgroup_v2;
  }
  if (v2_peak) {
    usage.memory_peak_bytes = *v2_peak;
    usage.memory_peak_source = Source::cgroup_v2;
  }
  if (tree.memory_v1) {
    usage.memory_now_bytes = tree.memory_v1->usage_in_bytes().value_or(0);
    usage.memory_now_source = Source::cgroup_v1;
    usage.memory_peak_bytes = tree.memory_v1->max_usage_in_bytes().value_or(0);
    usage.memory_peak_source = Source::cgroup_v1;
  }
  if (!tree.leader_alive) return usage;
  if (v2_now || tree.memory_v1) {
    if (usage.cpu_source != Source::none) return usage;
  }
  std::uint64_t sampled_cpu = 0;
  std::uint64_t sampled_memory = 0;
  const auto sample = [&](pid_t pid) {
    if (const auto stat = os::read_process(pid)) {
      sampled_cpu += stat->cpu_us;
      sampled_memory += stat->resident_bytes;
    }
  };
  if (tree.slot >= 0) {
    for (const Member& member : members(tree)) sample(member.pid);
  } else {
    for (const os::ProcessStat* one : scan(tree, recent_snapshot())) sample(one->pid);
  }
  if (usage.cpu_source == Source::none) {
    usage.cpu_us = sampled_cpu;
    usage.cpu_source = Source::sampled;
  }
  if (usage.memory_now_source == Source::none) {
    usage.memory_now_bytes = sampled_memory;
    usage.memory_now_source = Source::sampled;
  }
  return usage;
}

}  // namespace dummynet::warden

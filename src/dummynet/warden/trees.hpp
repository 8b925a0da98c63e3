#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dummynet/os/cgroup_v1.hpp"
#include "dummynet/warden/cgroup_pool.hpp"
#include "dummynet/warden/process_table.hpp"
#include "dummynet/warden/protocol.hpp"

namespace dummynet::warden {

/// One started process and all that came from it.
struct Tree {
  std::uint32_t id = 0;
  pid_t leader = 0;
  bool leader_alive = true;
  bool being_killed = false;
  int slot = -1;  ///< in the CgroupPool
  std::unique_ptr<os::CgroupV1> memory_v1;
  bool account_memory = false;
  std::uint64_t rusage_cpu_us = 0, rusage_user_us = 0, rusage_system_us = 0, max_rss_bytes = 0;
  std::vector<Member> killed;
};

/// Children of ours that nobody asked us to start: they were left to us when their parents ended.
struct Orphans {
  struct One {
    pid_t pid = 0;
    pid_t session = 0;
    std::string mark;
  };
  std::vector<One> all;
  bool known = true;  ///< false: this kernel has no list of children
};

/// Who belongs to which tree, and the ways to reach all of one. With a cgroup the kernel knows. Without, descendants
/// are found by parent, by session, and, when orphaned into a session of their own, by a mark in their environment.
class Trees {
 public:
  /// `pool` may be null; `everything_is_ours`: we are PID 1 of a namespace.
  Trees(CgroupPool* pool, bool everything_is_ours, std::string run)
      : pool_{pool}, everything_is_ours_{everything_is_ours}, run_{std::move(run)} {}

  Tree& add(std::unique_ptr<Tree> tree);
  Tree* find(std::uint32_t id);
  Tree* find_leader(pid_t pid);
  /// The leader was reaped: its pid may now be anybody's.
  void leader_gone(Tree& tree, const rusage& used);
  /// Frees what the tree held. Only when nothing of it is left.
  void remove(Tree& tree);
  bool empty() const noexcept { return by_id_.empty(); }

  /// The mark for the environment of this tree's processes, "NAME=value"; empty where cgroups make it needless.
  std::string mark(std::uint32_t id) const;

  std::vector<Member> members(const Tree& tree) const;
  /// Those of all trees at this moment, for any number of questions to is_gone(); reads nothing where cgroups know.
  Orphans orphans() const;
  /// Is nothing left of it? Only asked when its leader is gone. `orphans` must be from after that.
  bool is_gone(const Tree& tree, const Orphans& orphans) const;
  void signal(const Tree& tree, int number, bool whole_tree) const;
  void kill(Tree& tree);
  /// False: nothing that is left may be killed by us, which is so with set-uid programs that changed all their ids.
  bool kill_all();
  Usage usage(const Tree& tree) const;

  /// Trees whose leader is gone and which live on.
  std::vector<Tree*> lingering() const;
  bool any_being_killed() const;

 private:
  static bool number_is_ours(const Tree& tree);
  struct Snapshot {
    ProcessTable table;
    std::vector<Orphans::One> orphans;
  };
  Snapshot take_snapshot() const;
  std::vector<const os::ProcessStat*> scan(const Tree& tree, const Snapshot& snapshot) const;
  bool is_adopted_from(const Tree& tree, const Orphans::One& orphan) const;
  std::string mark_prefix() const { return "DUMMYNET_TREE=" + run_ + '.'; }
  /// Younger than it took to be read, so that reading never takes more than half of the time. Members of it may have
  /// ended, and children of theirs be missing: for what is done again until it has succeeded.
  const Snapshot& recent_snapshot() const;
  void send(int number, const std::vector<const os::ProcessStat*>& to) const;

  CgroupPool* pool_;
  bool everything_is_ours_;
  std::string run_;
  std::unordered_map<std::uint32_t, std::unique_ptr<Tree>> by_id_;
  std::unordered_map<pid_t, Tree*> by_leader_;
  std::vector<Tree*> lingering_;
  std::size_t without_cgroup_ = 0;
  mutable std::optional<Snapshot> recent_;
  mutable std::chrono::steady_clock::time_point recent_until_{};
};

}  // namespace dummynet::warden

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/os/cgroup.hpp"
#include "dummynet/warden/protocol.hpp"

namespace dummynet::warden {

/// A cgroup for each process tree of the run, below one of the run's own:
///
///     dummynet.RUN/0, 1, …    process trees
///
/// This program itself stays where it came from, and so needs no cgroup namespace: it could not leave one to clean up.
/// Making and removing a cgroup costs more than starting a process, so an emptied one is used again; what it had used
/// until then is subtracted. One that was killed is not: Linux 6.14 and later kill whatever is cloned into it
/// afterwards, since clone3(2) compares its count of kills with that of the parent's cgroup.
class CgroupPool {
 public:
  /// Makes the run's cgroup. Nothing where no cgroup can be made, which is normal
  /// for an ordinary user outside of a delegated tree.
  static std::unique_ptr<CgroupPool> make(const std::string& run, std::vector<std::string>& notices);
  CgroupPool(const CgroupPool&) = delete;
  CgroupPool& operator=(const CgroupPool&) = delete;
  /// Leaves what is not empty; see destroy().
  ~CgroupPool() = default;

  const std::string& path() const noexcept { return path_; }
  bool accounts_memory() const noexcept { return has_memory_; }

  /// A cgroup without processes. `fresh`: one that was never used, so that its memory peak means something.
  int acquire(bool fresh);
  /// Its descriptor for CLONE_INTO_CGROUP; valid until the next call.
  int directory(int slot);
  void release(int slot);

  std::vector<os::Cgroup::Refusal> set_limits(int slot, const os::Cgroup::Limits& limits);
  /// What was used since acquire().
  std::optional<os::Cgroup::CpuTime> cpu_time(int slot);
  std::optional<std::uint64_t> memory_current_bytes(int slot);
  std::optional<std::uint64_t> memory_peak_bytes(int slot);
  bool is_populated(int slot);
  std::vector<pid_t> processes(int slot);
  void kill(int slot);
  /// Kills all that is in it.
  void kill_all();
  /// Removes everything: what is in the slots must be dead. False while something is left in there.
  bool destroy();

 private:
  CgroupPool() = default;
  struct Open {
    std::unique_ptr<os::Cgroup> cgroup;
    os::Fd cpu_stat;  // kept open: reading them is on the way of every ending
    os::Fd events;
  };
  os::Cgroup& cgroup(int slot);
  Open* kept_open(int slot);
  void enable_controllers();
  void make(int slot);

  struct Slot {
    os::Cgroup::CpuTime base;  // what earlier trees had used
    os::Cgroup::CpuTime latest;
    bool spent = false;  // killed or limited: the next one must not have it
  };
  static constexpr std::size_t kKeptOpen = 32;  // beyond, a descriptor is opened for each use
  std::string path_;
  std::string name_;
  std::unique_ptr<os::Cgroup> parent_;
  std::unique_ptr<os::Cgroup> run_;
  std::vector<Slot> slots_;
  std::vector<Open> open_;
  std::unique_ptr<os::Cgroup> passing_;
  int passing_slot_ = -1;
  std::vector<int> free_;    // made, and empty
  std::vector<int> vacant_;  // numbers without a cgroup
  bool has_memory_ = false;
};

}  // namespace dummynet::warden

#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/os/fd.hpp"

namespace dummynet::os {

/// A cgroup of the unified hierarchy (v2), held by its directory's descriptor: cgroups(7), Documentation/admin-guide/
/// cgroup-v2. Also good for the hybrid layout, where v2 has no controllers: killing and CPU time work there too. An
/// ordinary user may use every function below a directory that was delegated to him. What the kernel refuses is a
/// std::system_error, except where the refusal is an answer.
class Cgroup {
 public:
  /// What a process tree has used since the cgroup was made.
  struct CpuTime {
    std::chrono::microseconds usage{0};
    std::chrono::microseconds user{0};
    std::chrono::microseconds system{0};
  };
  struct Limits {
    std::optional<std::uint64_t> memory_bytes{};  ///< memory.max
    std::optional<double> cpus{};                 ///< cpu.max: 1.5 = one and a half CPUs; >= 0.001
    std::optional<std::uint64_t> processes{};     ///< pids.max: threads count
  };
  struct Refusal {
    std::string what{};    ///< "memory.max", "+cpu"
    int error_number = 0;  ///< ENOENT: no such controller here
  };

  /// The directory of this process's own cgroup; empty where no cgroup2 mount shows it.
  static std::string where_am_i();
  static Cgroup open(const std::string& directory);

  /// A new cgroup below. A failure (EACCES: not delegated, EEXIST: name taken) leaves nothing.
  Cgroup create(const std::string& name) const { return create(fd(), name); }
  Cgroup open_child(const std::string& name) const;
  /// The same below a directory that somebody else opened.
  static Cgroup create(int parent, const std::string& name);
  /// Takes over a descriptor of a cgroup directory.
  explicit Cgroup(Fd directory) noexcept : directory_{std::move(directory)} {}

  /// Removes a child and all below it. False while processes are left in there, as for a moment after kill_all().
  bool remove_child(const std::string& name) const;
  /// The same with the parent's descriptor alone.
  static bool remove(int parent, const std::string& name);

  /// For CLONE_INTO_CGROUP.
  int fd() const noexcept { return directory_.get(); }
  explicit operator bool() const noexcept { return static_cast<bool>(directory_); }
  Fd release() && noexcept { return std::move(directory_); }

  /// Moves a process in, 0: the caller itself.
  void add(pid_t pid) const;
  /// cgroup.procs, open for writing: a child between clone and exec writes "0" to put itself in.
  Fd open_procs() const;

  /// SIGKILL to everything in it and below, forks in flight included: cgroup.kill; before Linux 5.14 kill_each(). To
  /// the caller too if it is in there. Does not wait. A cgroup that was removed is fine.
  void kill_all() const;
  /// The old way: freezes it where that is possible (5.2), then kills each process until no new one is seen.
  void kill_each() const;

  /// Whether a process, not yet reaped zombies left out, is in it or below. Not for the root cgroup. False when
  /// removed.
  bool is_populated() const;
  /// cgroup.events: EPOLLPRI when is_populated() may have changed.
  Fd open_events() const;
  /// Those in it and below, as the caller's PID namespace sees them; those it does not see are left out.
  std::vector<pid_t> processes() const;

  /// Nothing where there is no cpu.stat, i.e. when the cgroup was removed.
  std::optional<CpuTime> cpu_time() const;
  /// Nothing without the memory controller; memory_peak_bytes() also before Linux 5.19.
  std::optional<std::uint64_t> memory_current_bytes() const;
  std::optional<std::uint64_t> memory_peak_bytes() const;

  /// The controllers that enable_controllers() could hand to the children.
  std::vector<std::string> controllers() const;
  /// Hands controllers to the children. Move every process out of this cgroup into a leaf *before*: with processes
  /// inside, "+memory" fails with EBUSY, while "+cpu" may succeed and break later moves. Returns what was refused.
  std::vector<Refusal> enable_controllers(const std::vector<std::string>& names) const;

  /// Sets each limit that is given. Returns what could not be had; the others hold.
  std::vector<Refusal> set_limits(const Limits& limits) const;

 private:
  Fd directory_;
};

/// The text of cpu.stat; nothing when it is empty.
std::optional<Cgroup::CpuTime> parse_cpu_stat(std::string_view text);

/// The text for cpu.max, "QUOTA PERIOD" in microseconds. The kernel takes quotas from 1 ms and periods up to 1 s, so
/// the period grows for small shares.
std::string cpu_max_text(double cpus);

}  // namespace dummynet::os

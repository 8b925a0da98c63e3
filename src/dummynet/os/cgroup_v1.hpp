#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "dummynet/os/fd.hpp"

namespace dummynet::os {

/// A cgroup of the old memory hierarchy (v1), for machines where v2 has no memory controller: it counts and limits, it
/// cannot kill. Documentation/admin-guide/cgroup-v1/memory. Errors as in Cgroup.
class CgroupV1 {
 public:
  /// The directory of this process's own cgroup in the memory hierarchy; empty where no mount shows it.
  static std::string where_am_i();
  static CgroupV1 open(const std::string& directory);
  /// A new cgroup below. A failure leaves nothing.
  static CgroupV1 create(int parent, const std::string& name);
  CgroupV1 create(const std::string& name) const { return create(fd(), name); }
  explicit CgroupV1(Fd directory) noexcept : directory_{std::move(directory)} {}

  /// Removes a child and all below it. False while processes, zombies too, are left in there.
  bool remove_child(const std::string& name) const;
  static bool remove(int parent, const std::string& name);
  /// Removes all children whose names begin so, below the caller's own cgroup. False while one of them is in use.
  static bool remove_own_children(const std::string& prefix);

  int fd() const noexcept { return directory_.get(); }
  explicit operator bool() const noexcept { return static_cast<bool>(directory_); }

  /// Moves a process with all its threads in, 0: the caller itself. Memory it holds already stays charged where it was.
  void add(pid_t pid) const;
  /// cgroup.procs, open for writing: a child between clone and exec writes "0" to put itself in.
  Fd open_procs() const;

  /// Nothing when the cgroup was removed.
  std::optional<std::uint64_t> usage_in_bytes() const;
  std::optional<std::uint64_t> max_usage_in_bytes() const;
  std::optional<std::uint64_t> limit_in_bytes() const;
  /// The kernel rounds down to pages. Returns 0 or errno.
  int set_limit_in_bytes(std::uint64_t bytes) const noexcept;

 private:
  Fd directory_;
};

}  // namespace dummynet::os

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/os/fd.hpp"

namespace dummynet::net {

/// What processes may take together. At least one must be given.
struct CGroupLimits {
  std::optional<double> cpus{};                 ///< 1.5 = one and a half CPUs; 0.001 to 10,000
  std::optional<std::uint64_t> memory_bytes{};  ///< the kernel rounds to pages; beyond it kills: from 4096 on
  bool operator==(const CGroupLimits&) const = default;
};

/// A control group: cgroups(7). Of the unified hierarchy (v2) where that has the controllers, beside or below this
/// program's own group (root's, or one that was delegated to its user), else of the old ones (v1), one in each.
/// A process that is moved takes what it starts later with it. On v2 those are then no longer in the run's own group:
/// RunInfo does not count them, and what the leader leaves behind lives until the monitor ends.
class CGroup {
 public:
  /// Is told each directory just before it is made.
  using Announce = std::function<void(const std::string& directory)>;

  /// `name`: that of the directory; letters, digits, '-' and '_', at most 63. Throws std::invalid_argument for a name
  /// or a limit that cannot be, and std::system_error: ENOTSUP where this machine has no controller that we may use,
  /// with what was tried; EEXIST; ESRCH for a pid that is nobody's. Whatever it throws, it leaves nothing behind.
  CGroup(const std::string& name, const CGroupLimits& limits, const std::vector<pid_t>& pids = {},
         const Announce& announce = {});
  /// remove(), but for what cannot be.
  ~CGroup();
  CGroup(const CGroup&) = delete;
  CGroup& operator=(const CGroup&) = delete;

  /// Moves a process there, with all its threads. ESRCH: there is none; it stays where it was when it is refused.
  void add(pid_t pid);
  /// Those in it.
  std::vector<pid_t> processes() const;
  /// Its directories, one per hierarchy.
  std::vector<std::string> directories() const;
  const std::string& name() const noexcept { return name_; }

  /// Moves who is in it to this program's own group, and removes it. Throws std::system_error with
  /// ETIMEDOUT when somebody stays in it.
  void remove();

 private:
  struct Part {
    bool unified = false;
    std::string parent;  // directory
    os::Fd parent_fd;
    os::Fd own_fd;  // of this program: it has processes, so others may come, which groups above may refuse
    os::Fd fd;
  };
  void make_parts(const CGroupLimits& limits, const Announce& announce);
  bool make_unified(const std::vector<std::string>& controllers, const Announce& announce, std::string& tried);
  void make_old(const std::string& controller, const Announce& announce, std::string& tried);
  void set_limits(const CGroupLimits& limits) const;

  std::string name_;
  std::vector<Part> parts_;
};

}  // namespace dummynet::net

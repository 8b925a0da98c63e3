#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace dummynet {

/// A cgroup of a monitor whose program is gone: it is called after that program's PID, which nobody has any more.
struct StaleCgroup {
  std::string path;
  bool removed = false;
  std::string why_not;  ///< the kernel's words
};

/// Kills what is in them, and removes them. Looks at all that this process sees of the cgroup hierarchies (v2, and
/// memory of v1), and leaves alone what belongs to another user or may belong to a program that lives, also in another
/// PID namespace that can be seen from here.
std::vector<StaleCgroup> remove_stale_cgroups();

/// The PID in "dummynet.PID-0123abcd", or in "dummynet.PID-0123abcd.TREE" of v1; 0: it is not called so. Pure.
pid_t owner_in_cgroup_name(std::string_view name);

}  // namespace dummynet

#pragma once

#include <sys/types.h>

#include <string>

#include "dummynet/os/fd.hpp"
#include "dummynet/warden/cgroup_pool.hpp"

namespace dummynet::warden {

/// The warden is two processes, so that not even SIGKILL of the one that works lets anything go. What the warden's end
/// orphans comes to its *guardian* above it, a child subreaper (prctl(2)), which kills it, removes the run's cgroup and
/// ends: its end means that nothing is left.
struct Split {
  pid_t guardian = 0;  ///< 0: fork(2) was refused, there is none
  os::Fd warden;       ///< in the guardian alone: what is to be undone comes here; ends with the warden
  os::Fd to_guardian;  ///< in the warden alone: held until its end, and by nobody else
};
/// Returns twice: in the caller, which is the guardian now, and in a child, which is the warden.
Split split_from_guardian();

/// What the guardian does: waits for the warden's end and ends everything else. `cgroups` may be null. `run`: whose
/// memory cgroups of v1 go too; may be empty.
/// What the warden told it by keep_undo requests comes after that, see protocol.hpp.
/// `directory`: goes last of all, with the files in it; may be empty.
void guard(const os::Fd& warden, CgroupPool* cgroups, const std::string& run, const std::string& directory);

}  // namespace dummynet::warden

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dummynet::os {

/// Where a process's cgroup is to be seen in the file system, from the texts of /proc/PID/cgroup and
/// /proc/PID/mountinfo: cgroups(7), proc(5). Pure. `controller` "" means the unified hierarchy (v2, also its hybrid
/// form without controllers), anything else that v1 hierarchy. Several mounts can show the same cgroup, one may hide
/// another: each candidate has to be tried. Empty when none shows it, as in a container that does not mount it.
std::vector<std::string> cgroup_directories(std::string_view proc_cgroup, std::string_view mountinfo,
                                            std::string_view controller);

/// The same for this process, the first candidate that truly is a cgroup of that kind; empty text when there is none.
std::string own_cgroup_directory(std::string_view controller);

}  // namespace dummynet::os

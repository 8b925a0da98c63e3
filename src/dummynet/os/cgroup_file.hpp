#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/os/fd.hpp"

namespace dummynet::os {

/// The small text files of a cgroup directory: cgroups(7). Names are relative to the directory's descriptor.

/// The whole file; nothing when it does not exist (ENOENT) or its cgroup was removed (ENODEV). Other errors throw.
std::optional<std::string> read_cgroup_file(int directory, const char* name);

/// Writes in one write(2), as the kernel wants it. Returns 0 or errno.
int try_write_cgroup_file(int directory, const char* name, std::string_view text) noexcept;

/// The number behind `key` in "key value" lines such as cpu.stat's.
std::optional<std::uint64_t> find_cgroup_value(std::string_view text, std::string_view key);

/// The file's only number; nothing when there is no such file, or it says "max".
std::optional<std::uint64_t> read_cgroup_number(int directory, const char* name);

/// One pid per line; 0, a process of a foreign PID namespace, is left out.
std::vector<int> parse_cgroup_pids(std::string_view text);

/// Opens a cgroup directory. `magic`: CGROUP_SUPER_MAGIC or CGROUP2_SUPER_MAGIC of <linux/magic.h>, else EINVAL:
/// statfs(2).
Fd open_cgroup_directory(int parent, const std::string& name, long magic);

/// Makes and opens it; a failure leaves nothing behind. EEXIST when the name is taken.
Fd make_cgroup_directory(int parent, const std::string& name, long magic);

/// The cgroups directly below.
std::vector<std::string> list_cgroup_children(int directory);

/// Removes a cgroup and all below it, children first. False while a process is left in there (EBUSY), which is normal
/// shortly after a kill; true when it is gone, by us or before. Other errors throw.
bool remove_cgroup_tree(int parent, const std::string& name);

}  // namespace dummynet::os

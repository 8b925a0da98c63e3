#include "dummynet/os/cgroup_v1.hpp"

#include <fcntl.h>
#include <linux/magic.h>

#include <array>
#include <charconv>

#include "dummynet/os/cgroup_file.hpp"
#include "dummynet/os/cgroup_path.hpp"
#include "dummynet/os/check.hpp"

namespace dummynet::os {

std::string CgroupV1::where_am_i() { return own_cgroup_directory("memory"); }

CgroupV1 CgroupV1::open(const std::string& directory) {
  return CgroupV1{open_cgroup_directory(AT_FDCWD, directory, CGROUP_SUPER_MAGIC)};
}

CgroupV1 CgroupV1::create(int parent, const std::string& name) {
  return CgroupV1{make_cgroup_directory(parent, name, CGROUP_SUPER_MAGIC)};
}

bool CgroupV1::remove_child(const std::string& name) const { return remove(fd(), name); }

bool CgroupV1::remove(int parent, const std::string& name) { return remove_cgroup_tree(parent, name); }

bool CgroupV1::remove_own_children(const std::string& prefix) {
  const std::string own = where_am_i();
  if (own.empty()) return true;
  const CgroupV1 parent = open(own);
  bool all_gone = true;
  for (const std::string& name : list_cgroup_children(parent.fd())) {
    if (name.starts_with(prefix)) all_gone = parent.remove_child(name) && all_gone;
  }
  return all_gone;
}

void CgroupV1::add(pid_t pid) const {
  const int error = try_write_cgroup_file(fd(), "cgroup.procs", std::to_string(pid));
  if (error != 0) throw_errno(error, "write cgroup.procs (v1) " + std::to_string(pid));
}

Fd CgroupV1::open_procs() const {
  return Fd{check(::openat(fd(), "cgroup.procs", O_WRONLY | O_CLOEXEC), "openat", "cgroup.procs (v1)")};
}

std::optional<std::uint64_t> CgroupV1::usage_in_bytes() const {
  return read_cgroup_number(fd(), "memory.usage_in_bytes");
}

std::optional<std::uint64_t> CgroupV1::max_usage_in_bytes() const {
  return read_cgroup_number(fd(), "memory.max_usage_in_bytes");
}

std::optional<std::uint64_t> CgroupV1::limit_in_bytes() const {
  return read_cgroup_number(fd(), "memory.limit_in_bytes");
}

int CgroupV1::set_limit_in_bytes(std::uint64_t bytes) const noexcept {
  std::array<char, 24> text;
  const char* const end = std::to_chars(text.data(), text.data() + text.size(), bytes).ptr;
  const std::string_view digits{text.data(), static_cast<std::size_t>(end - text.data())};
  return try_write_cgroup_file(fd(), "memory.limit_in_bytes", digits);
}

}  // namespace dummynet::os

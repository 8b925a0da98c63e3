#include "dummynet/os/cgroup.hpp"

#include <fcntl.h>
#include <linux/magic.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <set>

#include "dummynet/os/cgroup_file.hpp"
#include "dummynet/os/cgroup_path.hpp"
#include "dummynet/os/check.hpp"

namespace dummynet::os {

namespace {

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
    if (text.empty()) return words;
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

void collect_processes(int directory, std::vector<pid_t>& pids) {
  // A threaded cgroup answers EOPNOTSUPP: its processes are listed by the domain above it.
  try {
    if (const auto text = read_cgroup_file(directory, "cgroup.procs")) {
      const std::vector<int> here = parse_cgroup_pids(*text);
      pids.insert(pids.end(), here.begin(), here.end());
    }
  } catch (const std::system_error& error) {
    if (error.code().value() != EOPNOTSUPP) throw;
  }
  for (const std::string& name : list_cgroup_children(directory)) {
    const Fd child{::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};
    if (child) collect_processes(child.get(), pids);
  }
}

}  // namespace

std::string Cgroup::where_am_i() { return own_cgroup_directory(""); }

Cgroup Cgroup::open(const std::string& directory) {
  return Cgroup{open_cgroup_directory(AT_FDCWD, directory, CGROUP2_SUPER_MAGIC)};
}

Cgroup Cgroup::open_child(const std::string& name) const {
  return Cgroup{open_cgroup_directory(fd(), name, CGROUP2_SUPER_MAGIC)};
}

Cgroup Cgroup::create(int parent, const std::string& name) {
  return Cgroup{make_cgroup_directory(parent, name, CGROUP2_SUPER_MAGIC)};
}

bool Cgroup::remove_child(const std::string& name) const { return remove(fd(), name); }

bool Cgroup::remove(int parent, const std::string& name) { return remove_cgroup_tree(parent, name); }

void Cgroup::add(pid_t pid) const {
  const int error = try_write_cgroup_file(fd(), "cgroup.procs", std::to_string(pid));
  if (error != 0) throw_errno(error, "write cgroup.procs " + std::to_string(pid));
}

Fd Cgroup::open_procs() const {
  return Fd{check(::openat(fd(), "cgroup.procs", O_WRONLY | O_CLOEXEC), "openat", "cgroup.procs")};
}

void Cgroup::kill_all() const {
  const int error = try_write_cgroup_file(fd(), "cgroup.kill", "1");
  if (error == 0 || error == ENODEV) return;
  if (error != ENOENT) throw_errno(error, "write cgroup.kill");
  kill_each();  // an old kernel, or a cgroup that was removed, where it finds nothing
}

void Cgroup::kill_each() const {
  // Frozen processes cannot fork away from us, and SIGKILL reaches them all the same: that is v2's freezer, not v1's.
  try_write_cgroup_file(fd(), "cgroup.freeze", "1");
  std::set<pid_t> signalled;
  for (bool news = true; news;) {
    news = false;
    for (const pid_t pid : processes()) {
      news = signalled.insert(pid).second || news;
      ::kill(pid, SIGKILL);
    }
  }
  try_write_cgroup_file(fd(), "cgroup.freeze", "0");
}

bool Cgroup::is_populated() const {
  const std::optional<std::string> events = read_cgroup_file(fd(), "cgroup.events");
  return events && find_cgroup_value(*events, "populated").value_or(0) != 0;
}

Fd Cgroup::open_events() const {
  return Fd{check(::openat(fd(), "cgroup.events", O_RDONLY | O_CLOEXEC), "openat", "cgroup.events")};
}

std::vector<pid_t> Cgroup::processes() const {
  std::vector<pid_t> pids;
  collect_processes(fd(), pids);
  return pids;
}

std::optional<Cgroup::CpuTime> Cgroup::cpu_time() const {
  const std::optional<std::string> text = read_cgroup_file(fd(), "cpu.stat");
  return text ? parse_cpu_stat(*text) : std::nullopt;
}

std::optional<Cgroup::CpuTime> parse_cpu_stat(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto time = [text](const char* key) {
    return std::chrono::microseconds{find_cgroup_value(text, key).value_or(0)};
  };
  return Cgroup::CpuTime{time("usage_usec"), time("user_usec"), time("system_usec")};
}

std::optional<std::uint64_t> Cgroup::memory_current_bytes() const { return read_cgroup_number(fd(), "memory.current"); }

std::optional<std::uint64_t> Cgroup::memory_peak_bytes() const { return read_cgroup_number(fd(), "memory.peak"); }

std::vector<std::string> Cgroup::controllers() const {
  return split_words(read_cgroup_file(fd(), "cgroup.controllers").value_or(""));
}

std::vector<Cgroup::Refusal> Cgroup::enable_controllers(const std::vector<std::string>& names) const {
  std::vector<Refusal> refused;
  const std::vector<std::string> available = controllers();
  for (const std::string& name : names) {
    // Asked for first: the kernel answers an unknown name with EINVAL, which says less than "not here".
    const bool is_available = std::find(available.begin(), available.end(), name) != available.end();
    const int error = is_available ? try_write_cgroup_file(fd(), "cgroup.subtree_control", '+' + name) : ENOENT;
    if (error != 0) refused.push_back({'+' + name, error});
  }
  return refused;
}

std::vector<Cgroup::Refusal> Cgroup::set_limits(const Limits& limits) const {
  std::vector<Refusal> refused;
  const auto set = [&](const char* name, const std::string& text) {
    const int error = try_write_cgroup_file(fd(), name, text);
    if (error != 0) refused.push_back({name, error});
  };
  if (limits.memory_bytes) set("memory.max", std::to_string(*limits.memory_bytes));
  if (limits.cpus) set("cpu.max", cpu_max_text(*limits.cpus));
  if (limits.processes) set("pids.max", std::to_string(*limits.processes));
  return refused;
}

std::string cpu_max_text(double cpus) {
  const long long period_us = cpus < 0.1 ? 1'000'000 : 100'000;
  const long long quota_us = std::max(1000LL, std::llround(cpus * static_cast<double>(period_us)));
  return std::to_string(quota_us) + ' ' + std::to_string(period_us);
}

}  // namespace dummynet::os

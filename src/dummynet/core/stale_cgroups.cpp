#include "dummynet/core/stale_cgroups.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>

#include "dummynet/os/cgroup.hpp"
#include "dummynet/os/cgroup_path.hpp"
#include "dummynet/os/cgroup_v1.hpp"
#include "dummynet/os/proc_scan.hpp"

namespace dummynet {

namespace {

namespace fs = std::filesystem;

constexpr int kPatienceMs = 2'000;

// Every number that a process is known by, in our PID namespace and in those inside it: proc(5), "NSpid".
std::set<pid_t> numbers_in_use() {
  std::set<pid_t> numbers;
  for (const os::ProcessStat& one : os::read_processes()) {
    numbers.insert(one.pid);
    std::ifstream file{"/proc/" + std::to_string(one.pid) + "/status"};
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with("NSpid:")) continue;
      std::istringstream fields{line.substr(6)};
      for (pid_t number = 0; fields >> number;) numbers.insert(number);
    }
  }
  return numbers;
}

// Where that hierarchy is mounted: as far up as our own cgroup's path leads within it.
std::string top_of(const std::string& controller) {
  std::string own = os::own_cgroup_directory(controller);
  struct stat status {};
  if (own.empty() || ::stat(own.c_str(), &status) != 0) return {};
  for (;;) {
    const std::string above = fs::path{own}.parent_path();
    struct stat other {};
    if (above == own || ::stat(above.c_str(), &other) != 0 || other.st_dev != status.st_dev) return own;
    own = above;
  }
}

struct Found {
  std::string path;
  pid_t owner = 0;
};

std::vector<Found> find_named(const std::string& top) {
  std::vector<Found> found;
  if (top.empty()) return found;
  std::error_code error;
  fs::recursive_directory_iterator walk{top, fs::directory_options::skip_permission_denied, error};
  for (; !error && walk != fs::recursive_directory_iterator{}; walk.increment(error)) {
    const pid_t owner = owner_in_cgroup_name(walk->path().filename().string());
    if (owner == 0) continue;
    walk.disable_recursion_pending();
    struct stat status {};
    const bool ours = ::lstat(walk->path().c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
                      (status.st_uid == ::geteuid() || ::geteuid() == 0);
    if (ours) found.push_back({walk->path(), owner});
  }
  return found;
}

template <typename Kind>
StaleCgroup remove(const std::string& path) {
  StaleCgroup stale{path, false, {}};
  try {
    const fs::path parts{path};
    const Kind parent = Kind::open(parts.parent_path());
    if constexpr (std::is_same_v<Kind, os::Cgroup>) os::Cgroup::open(path).kill_all();
    for (int waited = 0; !(stale.removed = parent.remove_child(parts.filename())) && waited < kPatienceMs; ++waited) {
      ::poll(nullptr, 0, 1);
    }
    if (!stale.removed) stale.why_not = "processes in it do not end";
  } catch (const std::system_error& refused) {
    stale.why_not = refused.what();
  }
  return stale;
}

}  // namespace

pid_t owner_in_cgroup_name(std::string_view name) {
  constexpr std::string_view kPrefix = "dummynet.";
  if (!name.starts_with(kPrefix)) return 0;
  name.remove_prefix(kPrefix.size());
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  name.remove_prefix(static_cast<std::size_t>(end - name.data()));
  constexpr std::size_t kRandomDigits = 8;
  if (error != std::errc{} || pid <= 0 || name.size() < 1 + kRandomDigits || name[0] != '-') return 0;
  if (name.substr(1, kRandomDigits).find_first_not_of("0123456789abcdef") != std::string_view::npos) return 0;
  name.remove_prefix(1 + kRandomDigits);
  const bool of_tree = name.size() > 1 && name[0] == '.' && name.find_first_not_of("0123456789", 1) == name.npos;
  return name.empty() || of_tree ? pid : 0;
}

std::vector<StaleCgroup> remove_stale_cgroups() {
  const std::vector<Found> named = find_named(top_of(""));
  const std::vector<Found> named_in_v1 = find_named(top_of("memory"));
  // Only now: who has started meanwhile and made one is seen alive.
  const std::set<pid_t> in_use = numbers_in_use();
  std::vector<StaleCgroup> all;
  for (const auto& [path, owner] : named) {
    if (!in_use.contains(owner)) all.push_back(remove<os::Cgroup>(path));
  }
  for (const auto& [path, owner] : named_in_v1) {
    if (!in_use.contains(owner)) all.push_back(remove<os::CgroupV1>(path));
  }
  return all;
}

}  // namespace dummynet

#include "support/aftermath.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "dummynet/os/cgroup.hpp"
#include "dummynet/os/cgroup_v1.hpp"

namespace dummynet::test {

namespace {

namespace fs = std::filesystem;

std::set<std::string> names_in(const std::string& folder) {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{folder, error}) names.insert(entry.path().filename());
  return names;
}

std::vector<pid_t> all_pids() {
  std::vector<pid_t> pids;
  for (const std::string& name : names_in("/proc")) {
    if (name.find_first_not_of("0123456789") == std::string::npos) pids.push_back(std::stoi(name));
  }
  return pids;
}

// A field of /proc/PID/stat as proc(5) numbers them, from the third on. Empty: it is gone, or a zombie.
std::string stat_field(pid_t pid, int wanted) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string line;
  std::getline(file, line);
  const std::size_t close = line.rfind(')');
  if (close == std::string::npos || line.compare(close + 2, 1, "Z") == 0 || line.compare(close + 2, 1, "X") == 0) {
    return {};
  }
  std::istringstream fields{line.substr(close + 2)};
  std::string value;
  for (int field = 3; field <= wanted; ++field) fields >> value;
  return value;
}

std::string start_time(pid_t pid) { return stat_field(pid, 22); }

pid_t parent_of(pid_t pid) {
  const std::string parent = stat_field(pid, 4);
  return parent.empty() ? 0 : std::stoi(parent);
}

std::string link(const std::string& path) {
  std::error_code error;
  return fs::read_symlink(path, error).string();
}

std::set<std::string> namespaces_of(const std::string& process) {
  std::set<std::string> found;
  for (const char* kind : {"user", "pid", "mnt", "net", "ipc", "uts"}) {
    if (std::string name = link("/proc/" + process + "/ns/" + kind); !name.empty()) found.insert(std::move(name));
  }
  return found;
}

bool holds_one(pid_t pid, const std::set<std::string>& namespaces) {
  const std::string process = std::to_string(pid);
  for (const std::string& name : namespaces_of(process)) {
    if (namespaces.contains(name)) return true;
  }
  for (const std::string& number : names_in("/proc/" + process + "/fd")) {
    if (namespaces.contains(link("/proc/" + process + "/fd/" + number))) return true;
  }
  return false;
}

// What is mounted where a run covers something in mount namespaces of its own; and every namespace that is held so.
std::string mounts() {
  static const std::set<std::string> kPoints{"/", "/proc", "/sys", "/tmp", "/run", "/mnt", "/var", "/etc/hosts"};
  std::ifstream file{"/proc/self/mountinfo"};
  std::string found;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields{line};
    std::string point;
    for (int field = 0; field < 5; ++field) fields >> point;
    if (kPoints.contains(point) || line.find(" - nsfs ") != std::string::npos) found += line + '\n';
  }
  return found;
}

// The cgroups_of_runs of all runs that can have been made from here.
std::set<std::string> cgroups_of_runs() {
  std::set<std::string> places{os::Cgroup::where_am_i(), os::CgroupV1::where_am_i()};
  for (const std::string& own : std::set<std::string>{places}) places.insert(fs::path{own}.parent_path());
  std::set<std::string> found;
  for (const std::string& place : places) {
    std::error_code error;
    if (place.empty()) continue;
    fs::recursive_directory_iterator walk{place, fs::directory_options::skip_permission_denied, error};
    for (; !error && walk != fs::recursive_directory_iterator{}; walk.increment(error)) {
      if (walk->path().filename().string().starts_with("dummynet.")) found.insert(walk->path());
      if (walk.depth() == 1) walk.disable_recursion_pending();
    }
  }
  return found;
}

/// "dummynet.4711-…" names 4711, and neither 711 nor 47.
bool names_process(const std::string& file, const std::string& number) {
  const std::size_t at = file.find(number + '-');
  return at != std::string::npos && (at == 0 || std::isdigit(static_cast<unsigned char>(file[at - 1])) == 0);
}

}  // namespace

Aftermath::Aftermath(std::string folder)
    : folder_{std::move(folder)}, mounts_before_{mounts()}, cgroups_before_{cgroups_of_runs()} {
  const std::set<std::string> names = names_in(folder_);
  files_before_.assign(names.begin(), names.end());
}

void Aftermath::remember_namespaces(pid_t warden, pid_t owner) {
  std::set<std::string> theirs = namespaces_of(std::to_string(warden));
  for (const std::string& ours : namespaces_of("self")) theirs.erase(ours);
  for (const pid_t pid : {warden, parent_of(warden)}) {  // its guardian, unless that has ended before its time
    if (pid > 1 && pid != owner) holders_[pid] = start_time(pid);
  }
  if (theirs.empty()) return;
  for (const pid_t pid : all_pids()) {
    if (pid != owner && holds_one(pid, theirs)) holders_[pid] = start_time(pid);
  }
}

std::string Aftermath::processes() const {
  std::string found;
  for (const auto& [pid, started] : holders_) {
    if (!started.empty() && start_time(pid) == started) found += "process " + std::to_string(pid) + " is left; ";
  }
  return found;
}

std::string Aftermath::files(pid_t owner) const {
  std::string found;
  for (const std::string& name : names_in(folder_)) {
    const bool is_new = std::find(files_before_.begin(), files_before_.end(), name) == files_before_.end();
    if (is_new) found += "file " + name + "; ";
  }
  const std::string number = std::to_string(owner);
  for (const char* folder : {"/tmp", "/run", "/dev/shm", "/var/tmp"}) {
    for (const std::string& name : names_in(folder)) {
      const bool is_ours = name.find("dummynet") != std::string::npos && names_process(name, number);
      if (is_ours) found += std::string{"file "} + folder + '/' + name + "; ";
    }
  }
  return found;
}

std::string Aftermath::found(pid_t owner) const {
  std::string found = processes() + files(owner);
  const std::string run = "/dummynet." + std::to_string(owner) + '-';
  for (const std::string& one : cgroups_of_runs()) {
    // A pid comes again: what was there before is another run's.
    if (one.find(run) != std::string::npos && !cgroups_before_.contains(one)) found += "cgroup " + one + "; ";
  }
  if (const std::string now = mounts(); now != mounts_before_)
    found += "mounts were\n" + mounts_before_ + "are\n" + now;
  return found;
}

}  // namespace dummynet::test

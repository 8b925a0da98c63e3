#include "support/leftovers.hpp"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "dummynet/os/cgroup.hpp"
#include "dummynet/os/cgroup_v1.hpp"
#include "dummynet/os/proc_scan.hpp"
#include "support/waiting.hpp"

namespace dummynet::test {

namespace {

constexpr const char* kMarkName = "DUMMYNET_TEST";

std::string children() {
  siginfo_t info{};
  if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0) {
    return errno == ECHILD ? std::string{} : "waitid says errno " + std::to_string(errno) + "; ";
  }
  return "a child is left, pid " + std::to_string(info.si_pid) + "; ";
}

std::set<pid_t>& owners() {
  static std::set<pid_t> all{::getpid()};
  return all;
}

// The run's name begins with its owner's pid.
std::set<std::string> cgroups_in(const std::string& place) {
  std::set<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{place, error}) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("dummynet.")) continue;
    if (owners().contains(std::atoi(name.c_str() + 9))) found.insert(entry.path());
  }
  return found;
}

std::set<std::string> cgroups_of_owners() {
  std::set<std::string> found;
  std::set<std::string> places{os::Cgroup::where_am_i(), os::CgroupV1::where_am_i()};
  for (const std::string& own : std::set<std::string>{places}) {
    places.insert(std::filesystem::path{own}.parent_path());
  }
  for (const std::string& place : places) {
    if (!place.empty()) found.merge(cgroups_in(place));
  }
  return found;
}

}  // namespace

// A pid comes again: what an earlier program of the same number left is not this test's.
Leftovers::Leftovers() : descriptors_before_{descriptors()}, cgroups_before_{cgroups_of_owners()} {
  owners().insert(::getpid());
  static int tests = 0;
  mark_ = std::to_string(::getpid()) + '.' + std::to_string(++tests);
  ::setenv(kMarkName, mark_.c_str(), 1);
}

void Leftovers::also_look_for(pid_t owner) { owners().insert(owner); }

Leftovers::~Leftovers() { ::unsetenv(kMarkName); }

std::set<std::string> Leftovers::descriptors() {
  std::set<std::string> open;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir("/proc/self/fd"), ::closedir};
  const std::string own = std::to_string(::dirfd(directory.get()));
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string number = entry->d_name;
    if (number.starts_with('.') || number == own) continue;
    std::error_code error;
    open.insert(number + " -> " + std::filesystem::read_symlink("/proc/self/fd/" + number, error).string());
  }
  return open;
}

std::string Leftovers::processes() const {
  std::string found;
  for (const os::ProcessStat& one : os::read_processes()) {
    if (one.pid == ::getpid() || one.state == 'Z') continue;
    if (os::has_in_environment(one.pid, std::string{kMarkName} + '=' + mark_)) {
      found += std::to_string(one.pid) + " (" + one.command + ") ";
    }
  }
  return found;
}

std::string Leftovers::found_now() const {
  std::string found = children();
  for (const std::string& one : cgroups_of_owners()) {
    if (!cgroups_before_.contains(one)) found += "cgroup " + one + " is left; ";
  }
  for (const std::string& one : descriptors()) {
    if (!descriptors_before_.contains(one)) found += "descriptor " + one + " is open; ";
  }
  if (const std::string left = processes(); !left.empty()) found += "processes are left: " + left;
  return found;
}

std::string Leftovers::found() const {
  // What somebody else ends (a warden whose owner was killed) is told by no event of ours.
  std::string found;
  eventually([&] { return (found = found_now()).empty(); });
  return found;
}

}  // namespace dummynet::test

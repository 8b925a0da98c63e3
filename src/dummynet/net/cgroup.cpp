#include "dummynet/net/cgroup.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "dummynet/net/name.hpp"
#include "dummynet/os/cgroup.hpp"
#include "dummynet/os/cgroup_file.hpp"
#include "dummynet/os/cgroup_path.hpp"
#include "dummynet/os/check.hpp"

namespace dummynet::net {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxName = 63;
constexpr auto kPatience = 5s;
constexpr auto kPause = 1ms;
constexpr double kPeriodUs = 100'000;
constexpr double kMinQuotaUs = 1'000;

void check_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (name.empty() || name.size() > kMaxName || !std::all_of(name.begin(), name.end(), allowed)) {
    throw std::invalid_argument{"control group name " + in_quotes(name) +
                                " must be 1 to 63 letters, digits, hyphens and underscores"};
  }
}

void check_limits(const CGroupLimits& limits) {
  if (!limits.cpus && !limits.memory_bytes) throw std::invalid_argument{"control group: no limit is given"};
  if (limits.cpus && !(*limits.cpus >= 0.001 && *limits.cpus <= 10'000)) {
    throw std::invalid_argument{"control group: cpus are 0.001 to 10,000"};
  }
  if (limits.memory_bytes && (*limits.memory_bytes < 4096 || *limits.memory_bytes > (std::uint64_t{1} << 62U))) {
    throw std::invalid_argument{"control group: memory is 4096 bytes at least"};
  }
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? std::string{} : path.substr(0, slash);
}

/// Words of one of the small files.
std::set<std::string> words(int directory, const char* file) {
  std::set<std::string> found;
  std::string word;
  for (const char c : os::read_cgroup_file(directory, file).value_or("") + '\n') {
    if (c != ' ' && c != '\n') {
      word += c;
    } else if (!word.empty()) {
      found.insert(std::exchange(word, {}));
    }
  }
  return found;
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

/// Lets the children of this group have them. Never with processes in it, except in the root: cgroups(7), "no internal
/// processes".
bool hand_on(const std::string& place, const os::Cgroup& group, const std::vector<std::string>& controllers,
             std::string& why) {
  const std::set<std::string> handed_on = words(group.fd(), "cgroup.subtree_control");
  std::vector<std::string> missing;
  for (const std::string& one : controllers) {
    if (!handed_on.contains(one)) missing.push_back(one);
  }
  if (missing.empty()) return true;
  const bool is_root = !exists(place + "/cgroup.type");
  if (!is_root && !words(group.fd(), "cgroup.procs").empty()) {
    why = "it has processes of its own, so that its controllers cannot be handed on";
    return false;
  }
  const auto refused = group.enable_controllers(missing);
  if (refused.empty()) return true;
  why = refused.front().what + ": " + std::system_category().message(refused.front().error_number);
  return false;
}

void write_limit(int directory, const char* file, const std::string& text) {
  const int error = os::try_write_cgroup_file(directory, file, text);
  if (error != 0) os::throw_errno(error, std::string{"write "} + text + " to " + file);
}

}  // namespace

CGroup::CGroup(const std::string& name, const CGroupLimits& limits, const std::vector<pid_t>& pids,
               const Announce& announce)
    : name_{name} {
  check_name(name);
  check_limits(limits);
  try {
    make_parts(limits, announce);
    set_limits(limits);
    for (const pid_t pid : pids) add(pid);
  } catch (...) {
    try {
      remove();
    } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch): the first refusal is the one to be told
    }
    throw;
  }
}

CGroup::~CGroup() {
  try {
    remove();
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): nobody is left who could be told
  }
}

void CGroup::make_parts(const CGroupLimits& limits, const Announce& announce) {
  std::vector<std::string> wanted;
  if (limits.cpus) wanted.emplace_back("cpu");
  if (limits.memory_bytes) wanted.emplace_back("memory");
  // A controller is either in the unified hierarchy or in one of the old ones.
  std::vector<std::string> unified;
  std::vector<std::string> old;
  const std::string own = os::Cgroup::where_am_i();
  const std::set<std::string> available =
      own.empty() ? std::set<std::string>{} : words(os::Cgroup::open(own).fd(), "cgroup.controllers");
  for (const std::string& one : wanted) (available.contains(one) ? unified : old).push_back(one);
  std::string tried;
  if (!unified.empty() && !make_unified(unified, announce, tried)) {
    os::throw_errno(ENOTSUP, "control group " + name_ + ": no place for it" + tried);
  }
  for (const std::string& one : old) make_old(one, announce, tried);
}

bool CGroup::make_unified(const std::vector<std::string>& controllers, const Announce& announce, std::string& tried) {
  const std::string own = os::Cgroup::where_am_i();
  // Beside our own before below it: see hand_on().
  for (const std::string& place : {parent_of(own), own}) {
    if (place.empty()) continue;
    std::string why;
    try {
      os::Cgroup parent = os::Cgroup::open(place);
      if (hand_on(place, parent, controllers, why)) {
        if (announce) announce(place + '/' + name_);
        os::Cgroup made = parent.create(name_);
        parts_.push_back(
            {true, place, std::move(parent).release(), os::Cgroup::open(own).release(), std::move(made).release()});
        return true;
      }
    } catch (const std::system_error& error) {
      if (error.code().value() == EEXIST) throw;
      why = error.what();
    }
    tried.append("; ").append(place).append(": ").append(why);
  }
  return false;
}

void CGroup::make_old(const std::string& controller, const Announce& announce, std::string& tried) {
  const std::string place = os::own_cgroup_directory(controller);
  if (place.empty()) {
    os::throw_errno(ENOTSUP, "control group " + name_ + ": this machine has no controller " + controller +
                                 " that we can reach" + tried);
  }
  const bool made_before =
      std::any_of(parts_.begin(), parts_.end(), [&](const Part& one) { return !one.unified && one.parent == place; });
  if (made_before) return;  // two controllers, one hierarchy
  const auto open_place = [&] { return os::open_cgroup_directory(AT_FDCWD, place, CGROUP_SUPER_MAGIC); };
  Part part{false, place, open_place(), open_place(), {}};
  if (announce) announce(place + '/' + name_);
  try {
    part.fd = os::make_cgroup_directory(part.parent_fd.get(), name_, CGROUP_SUPER_MAGIC);
  } catch (const std::system_error& error) {
    const int number = error.code().value();
    if (number != EACCES && number != EPERM && number != EROFS) throw;
    os::throw_errno(ENOTSUP, "control group " + name_ + ": " + place + ": " + error.code().message() + tried);
  }
  parts_.push_back(std::move(part));
}

void CGroup::set_limits(const CGroupLimits& limits) const {
  for (const Part& part : parts_) {
    const int fd = part.fd.get();
    if (limits.cpus && os::read_cgroup_file(fd, part.unified ? "cpu.max" : "cpu.cfs_quota_us")) {
      if (part.unified) {
        write_limit(fd, "cpu.max", os::cpu_max_text(*limits.cpus));
      } else {
        // Quotas below a millisecond are refused: a small share gets a longer period.
        const double period = *limits.cpus * kPeriodUs < kMinQuotaUs ? 10 * kPeriodUs : kPeriodUs;
        write_limit(fd, "cpu.cfs_period_us", std::to_string(std::llround(period)));
        write_limit(fd, "cpu.cfs_quota_us", std::to_string(std::llround(std::max(*limits.cpus * period, kMinQuotaUs))));
      }
    }
    if (limits.memory_bytes && os::read_cgroup_file(fd, part.unified ? "memory.max" : "memory.limit_in_bytes")) {
      write_limit(fd, part.unified ? "memory.max" : "memory.limit_in_bytes", std::to_string(*limits.memory_bytes));
    }
  }
}

void CGroup::add(pid_t pid) {
  if (pid <= 0) throw std::invalid_argument{"control group: " + std::to_string(pid) + " is no pid"};
  const std::string text = std::to_string(pid);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const int error = os::try_write_cgroup_file(parts_[i].fd.get(), "cgroup.procs", text);
    if (error == 0) continue;
    // Not half of it.
    while (i-- > 0) os::try_write_cgroup_file(parts_[i].own_fd.get(), "cgroup.procs", text);
    os::throw_errno(error, "move process " + text + " to control group " + name_);
  }
}

std::vector<pid_t> CGroup::processes() const {
  if (parts_.empty()) return {};
  return os::parse_cgroup_pids(os::read_cgroup_file(parts_.front().fd.get(), "cgroup.procs").value_or(""));
}

std::vector<std::string> CGroup::directories() const {
  std::vector<std::string> all;
  for (const Part& part : parts_) all.push_back(part.parent + '/' + name_);
  return all;
}

void CGroup::remove() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (; !parts_.empty(); parts_.pop_back()) {
    const Part& part = parts_.back();
    for (;;) {
      const auto inside = os::read_cgroup_file(part.fd.get(), "cgroup.procs");
      for (const int pid : os::parse_cgroup_pids(inside.value_or(""))) {
        os::try_write_cgroup_file(part.own_fd.get(), "cgroup.procs", std::to_string(pid));
      }
      if (os::remove_cgroup_tree(part.parent_fd.get(), name_)) break;
      if (std::chrono::steady_clock::now() > deadline) os::throw_errno(ETIMEDOUT, "remove control group " + name_);
      std::this_thread::sleep_for(kPause);  // a zombie in there goes when its parent has looked at it
    }
  }
}

}  // namespace dummynet::net

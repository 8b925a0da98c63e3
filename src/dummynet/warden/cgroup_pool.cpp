#include "dummynet/warden/cgroup_pool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace dummynet::warden {

namespace {

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? std::string{} : path.substr(0, slash);
}

bool has(const std::vector<std::string>& names, const char* name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// These files are far smaller than the buffer: one read(2) gives all, from the beginning.
std::string read_some(const os::Fd& file) {
  char buffer[1024];
  const ssize_t length = ::pread(file.get(), buffer, sizeof buffer, 0);
  return length > 0 ? std::string(buffer, static_cast<std::size_t>(length)) : std::string{};
}

}  // namespace

std::unique_ptr<CgroupPool> CgroupPool::make(const std::string& run, std::vector<std::string>& notices) {
  const std::string own = os::Cgroup::where_am_i();
  if (own.empty()) return nullptr;
  // Next to the owner before below it: processes in the owner's own cgroup keep its controllers from its children
  // (the rule of no internal processes, cgroups(7)). Where that is not ours to do, below.
  std::vector<std::string> places;
  try {
    if (os::Cgroup::open(own).controllers().empty() == false && !parent_of(own).empty())
      places.push_back(parent_of(own));
  } catch (const std::system_error&) {
    return nullptr;
  }
  places.push_back(own);
  std::string why;
  for (const std::string& place : places) {
    std::unique_ptr<CgroupPool> pool{new CgroupPool};
    try {
      pool->parent_ = std::make_unique<os::Cgroup>(os::Cgroup::open(place));
      pool->name_ = cgroup_name(run);
      pool->path_ = place + '/' + pool->name_;
      pool->run_ = std::make_unique<os::Cgroup>(pool->parent_->create(pool->name_));
    } catch (const std::system_error& error) {
      why = error.what();
      continue;
    }
    pool->enable_controllers();
    return pool;
  }
  notices.push_back("no cgroup for this run: " + why);
  return nullptr;
}

void CgroupPool::enable_controllers() {
  std::vector<std::string> wanted;
  const std::vector<std::string> available = run_->controllers();
  for (const char* name : {"cpu", "memory", "pids"}) {
    if (has(available, name)) wanted.emplace_back(name);
  }
  if (wanted.empty()) return;
  const auto refused = run_->enable_controllers(wanted);
  has_memory_ = has(wanted, "memory") &&
                std::none_of(refused.begin(), refused.end(), [](const auto& one) { return one.what == "+memory"; });
}

int CgroupPool::acquire(bool fresh) {
  if (!fresh && !free_.empty()) {
    const int slot = free_.back();
    free_.pop_back();
    return slot;
  }
  // A number whose cgroup was removed comes again with a new one.
  if (vacant_.empty()) {
    vacant_.push_back(static_cast<int>(slots_.size()));
    slots_.emplace_back();
  }
  const int slot = vacant_.back();
  make(slot);
  vacant_.pop_back();
  return slot;
}

void CgroupPool::make(int slot) {
  const auto index = static_cast<std::size_t>(slot);
  os::Cgroup made = run_->create(std::to_string(slot));
  slots_[index] = Slot{};
  if (passing_slot_ == slot) passing_slot_ = -1;
  if (index >= kKeptOpen) return;
  if (index >= open_.size()) open_.resize(index + 1);
  Open& open = open_[index];
  open.cpu_stat = os::Fd{::openat(made.fd(), "cpu.stat", O_RDONLY | O_CLOEXEC)};
  open.events = made.open_events();
  open.cgroup = std::make_unique<os::Cgroup>(std::move(made));
}

os::Cgroup& CgroupPool::cgroup(int slot) {
  const auto index = static_cast<std::size_t>(slot);
  if (index < open_.size()) return *open_[index].cgroup;
  if (passing_slot_ != slot) {
    passing_ = std::make_unique<os::Cgroup>(run_->open_child(std::to_string(slot)));
    passing_slot_ = slot;
  }
  return *passing_;
}

CgroupPool::Open* CgroupPool::kept_open(int slot) {
  const auto index = static_cast<std::size_t>(slot);
  return index < open_.size() ? &open_[index] : nullptr;
}

int CgroupPool::directory(int slot) { return cgroup(slot).fd(); }

void CgroupPool::release(int slot) {
  Slot& state = slots_[static_cast<std::size_t>(slot)];
  if (state.spent) {
    if (run_->remove_child(std::to_string(slot))) vacant_.push_back(slot);
    return;
  }
  state.base = state.latest;
  free_.push_back(slot);
}

std::vector<os::Cgroup::Refusal> CgroupPool::set_limits(int slot, const os::Cgroup::Limits& limits) {
  slots_[static_cast<std::size_t>(slot)].spent = true;
  return cgroup(slot).set_limits(limits);
}

std::optional<os::Cgroup::CpuTime> CgroupPool::cpu_time(int slot) {
  const Open* open = kept_open(slot);
  const auto now = open != nullptr ? os::parse_cpu_stat(read_some(open->cpu_stat)) : cgroup(slot).cpu_time();
  if (!now) return std::nullopt;
  slots_[static_cast<std::size_t>(slot)].latest = *now;
  const os::Cgroup::CpuTime& base = slots_[static_cast<std::size_t>(slot)].base;
  return os::Cgroup::CpuTime{now->usage - base.usage, now->user - base.user, now->system - base.system};
}

std::optional<std::uint64_t> CgroupPool::memory_current_bytes(int slot) { return cgroup(slot).memory_current_bytes(); }
std::optional<std::uint64_t> CgroupPool::memory_peak_bytes(int slot) { return cgroup(slot).memory_peak_bytes(); }
bool CgroupPool::is_populated(int slot) {
  const Open* open = kept_open(slot);
  return open != nullptr ? read_some(open->events).find("populated 1") != std::string::npos
                         : cgroup(slot).is_populated();
}
std::vector<pid_t> CgroupPool::processes(int slot) { return cgroup(slot).processes(); }
void CgroupPool::kill(int slot) {
  slots_[static_cast<std::size_t>(slot)].spent = true;
  cgroup(slot).kill_all();
}

void CgroupPool::kill_all() { run_->kill_all(); }

bool CgroupPool::destroy() {
  open_.clear();
  passing_.reset();
  return parent_->remove_child(name_);
}

}  // namespace dummynet::warden

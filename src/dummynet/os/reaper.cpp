#include "dummynet/os/reaper.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace dummynet::os {
namespace {

using namespace std::chrono_literals;

constexpr auto kLongestCost = 1ms;  // who takes longer was preempted, and the walk is not to blame
constexpr int kShare = 20;

}  // namespace

bool Reaper::take_one(idtype_t kind, id_t id, std::vector<Ending>& endings) {
  Ending ending{};
  // The system call: libc's wrapper hides the rusage of exactly this child.
  const long result = ::syscall(SYS_waitid, kind, id, &ending.info, WEXITED | WNOHANG | __WALL, &ending.usage);
  no_children_ = kind == P_ALL && result < 0 && errno == ECHILD;
  if (result < 0 || ending.info.si_pid == 0) return false;
  endings.push_back(ending);
  return true;
}

std::vector<Reaper::Ending> Reaper::take(pid_t child) {
  std::vector<Ending> endings;
  take_one(P_PID, static_cast<id_t>(child), endings);
  if (Clock::now() < next_walk_) {
    walk_at_ = next_walk_;
  } else {
    const std::vector<Ending> others = take_all();
    endings.insert(endings.end(), others.begin(), others.end());
  }
  return endings;
}

std::vector<Reaper::Ending> Reaper::take_all() {
  std::vector<Ending> endings;
  const Clock::time_point begin = Clock::now();
  while (take_one(P_ALL, 0, endings)) {
  }
  const Clock::time_point end = Clock::now();
  const Clock::duration cost = std::min<Clock::duration>(end - begin, kLongestCost);
  next_walk_ = cost > long_walk_ ? end + kShare * cost : end;
  walk_at_.reset();
  return endings;
}

int Reaper::timeout_ms() const {
  if (!walk_at_) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*walk_at_ - Clock::now());
  return static_cast<int>(std::max(left, 0ms).count());
}

}  // namespace dummynet::os

#pragma once

#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <optional>
#include <vector>

namespace dummynet::os {

/// Takes the endings of this process's children, at a price that hardly grows with how many are alive.
///
/// waitid(2) for any child walks over all of them, 50 ns each: with thousands alive, two walks would be all that an
/// ending costs. So the child that SIGCHLD names is taken by its number. SIGCHLD does not queue, though: a walk still
/// has to find those whose signal came while another was pending. A long walk is put off until walking takes no more
/// than a twentieth of the time, by 20 ms at most.
class Reaper {
 public:
  struct Ending {
    siginfo_t info;
    rusage usage;  ///< of exactly this child and what it waited for
  };

  /// A walk that takes longer than this is not made at each ending.
  explicit Reaper(std::chrono::nanoseconds long_walk = std::chrono::microseconds{10}) : long_walk_{long_walk} {}

  /// `child` is what SIGCHLD says: ssi_pid of signalfd(2). Returns it and, unless the walk is put off, all others.
  std::vector<Ending> take(pid_t child);
  /// Everything that has ended.
  std::vector<Ending> take_all();

  /// When to call take_all() for what take() has put off, in ms from now: for poll(2), -1 is never.
  int timeout_ms() const;
  bool is_due() const { return walk_at_ && Clock::now() >= *walk_at_; }

  /// The last call has found that there is no child at all, alive or dead.
  bool no_children() const noexcept { return no_children_; }

 private:
  using Clock = std::chrono::steady_clock;

  bool take_one(idtype_t kind, id_t id, std::vector<Ending>& endings);

  std::chrono::nanoseconds long_walk_;
  Clock::time_point next_walk_{};
  std::optional<Clock::time_point> walk_at_;
  bool no_children_ = true;
};

}  // namespace dummynet::os

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>
#include <vector>

#include "dummynet/core/run_info.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet {

/// Descriptors (pidfds too) and deadlines → callbacks, by epoll(7) and one timerfd in it: ProcessMonitor::Poller.
/// Level-triggered. Callbacks run in poll(), may add and remove anything, themselves included. If one throws, the pass
/// is finished and the first exception rethrown.
class Poller {
 public:
  using Id = std::uint64_t;
  using Callback = std::function<void(std::uint32_t events)>;

  Poller();

  /// Calls back whenever `events` (EPOLLIN …; EPOLLERR and EPOLLHUP always) hold for `fd`, which must stay open until
  /// remove().
  Id add(int fd, std::uint32_t events, Callback callback);
  /// Another set of events for the same descriptor; 0 keeps it registered and silent.
  void modify(Id id, std::uint32_t events);
  /// Calls back once at `when`.
  Id add_deadline(Clock::time_point when, std::function<void()> callback);
  /// Unknown ids (a deadline that has passed) are fine.
  void remove(Id id) noexcept;

  /// Waits for at most `timeout` (0: looks once; negative: until something happens) and runs what is due. Returns the
  /// number of callbacks that ran. EINTR is an empty wake-up.
  std::size_t poll(std::chrono::nanoseconds timeout);

  /// The epoll descriptor, readable when poll(0ns) would do something.
  int fd() const noexcept { return epoll_.get(); }
  /// Counts wake-ups: the same number means "found together".
  std::uint64_t wake_up() const noexcept { return wake_up_; }

 private:
  struct Watch {
    int fd;
    std::uint32_t events;
    Callback callback;
  };
  struct Deadline {
    Clock::time_point when;
    std::function<void()> callback;
  };
  void arm_timer();

  os::Fd epoll_;
  os::Fd timer_;
  std::unordered_map<Id, Watch> watches_;
  std::unordered_map<Id, Deadline> deadlines_;
  std::multimap<Clock::time_point, Id> by_time_;
  Id next_id_ = 1;
  std::uint64_t wake_up_ = 0;
  Clock::time_point armed_{};
};

}  // namespace dummynet

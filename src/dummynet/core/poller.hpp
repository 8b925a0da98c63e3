#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dummynet/core/run_info.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet {

/// Descriptors (pidfds too) and deadlines → callbacks, by epoll(7) and one timerfd in it: ProcessMonitor::Poller.
/// Level-triggered. Callbacks run in poll(), may add and remove anything, themselves included. If one throws, the pass
/// is finished and the first exception rethrown. A callback that is told of nothing but EPOLLHUP or EPOLLERR 1,000
/// times in a row leaves a dead descriptor registered and would spin for ever: std::logic_error names it.
class Poller {
 public:
  using Id = std::uint64_t;
  using Callback = std::function<void(std::uint32_t events)>;

  Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

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
    std::uint32_t events;  // 0: not in the epoll set, which would report EPOLLHUP all the same
    Callback callback;
    unsigned hang_ups = 0;  // in a row, with nothing else to tell
  };
  using Watches = std::unordered_map<Id, Watch>;

  class Pass;  // one run of poll()
  void set_events(int operation, int fd, std::uint32_t events, Id id) const;
  void arm_timer(Clock::time_point when);
  void bury_removed() noexcept;

  os::Fd epoll_;
  os::Fd timer_;
  Watches watches_;
  std::map<std::pair<Clock::time_point, Id>, std::function<void()>> deadlines_;
  std::unordered_map<Id, Clock::time_point> deadline_times_;
  std::vector<Watches::node_type> removed_;  // during a pass: one of these may be the callback that runs
  unsigned passes_ = 0;                      // 2 and more: poll() called from a callback
  bool more_found_ = false;                  // the last wake-up found more than one pass takes
  Id next_id_ = 1;                           // 0 is the timer
  std::uint64_t wake_up_ = 0;
  Clock::time_point armed_ = Clock::time_point::max();  // never later than the earliest deadline
};

}  // namespace dummynet

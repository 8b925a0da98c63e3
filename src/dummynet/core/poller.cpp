#include "dummynet/core/poller.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>

#include "dummynet/os/check.hpp"

namespace dummynet {
namespace {

constexpr Poller::Id kTimerId = 0;
constexpr unsigned kHangUpLimit = 1000;
constexpr std::size_t kBatch = 128;

timespec to_timespec(std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  return {.tv_sec = seconds.count(), .tv_nsec = (time - seconds).count()};
}

/// epoll_wait(2) with the precision of epoll_pwait2(2) where that exists (Linux 5.11).
int wait_for_events(int epoll, std::span<epoll_event> events, std::chrono::nanoseconds timeout) {
  const int capacity = static_cast<int>(events.size());
  if (timeout <= std::chrono::nanoseconds::zero()) {
    return ::epoll_wait(epoll, events.data(), capacity, timeout < std::chrono::nanoseconds::zero() ? -1 : 0);
  }
  static std::atomic<bool> precise{true};
  if (precise) {
    const timespec limit = to_timespec(timeout);
    const int found = ::epoll_pwait2(epoll, events.data(), capacity, &limit, nullptr);
    if (found >= 0 || (errno != ENOSYS && errno != EPERM)) return found;  // EPERM: some seccomp filters
    precise = false;
  }
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  return ::epoll_wait(epoll, events.data(), capacity, static_cast<int>(std::min<long>(milliseconds, 1'000'000'000)));
}

}  // namespace

/// Counts poll() in and out, and keeps the first exception until everything that is due has run.
class Poller::Pass {
 public:
  explicit Pass(Poller& poller) noexcept : poller_{poller} { ++poller_.passes_; }
  ~Pass() {
    if (--poller_.passes_ == 0) poller_.bury_removed();
  }
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

  void run_watch(Id id, std::uint32_t found) {
    const auto entry = poller_.watches_.find(id);
    if (entry == poller_.watches_.end()) return;  // removed by a callback of this very pass
    Watch& watch = entry->second;                 // stays where it is, even when removed: see remove()
    if (watch.events == 0) return;
    const std::uint32_t events = found & (watch.events | EPOLLERR | EPOLLHUP);
    if (events == 0) return;
    run([&] {
      if ((events & ~static_cast<std::uint32_t>(EPOLLERR | EPOLLHUP)) != 0) {
        watch.hang_ups = 0;
      } else if (++watch.hang_ups > kHangUpLimit) {
        watch.hang_ups = 0;
        throw std::logic_error{"busy wait: descriptor " + std::to_string(watch.fd) +
                               " is dead and its callback does not remove it"};
      }
      watch.callback(events);
    });
  }

  void run_deadlines(Clock::time_point now) {
    std::vector<Id> due;  // first, since a callback may add deadlines that are due already: they are the next pass's
    for (const auto& [key, callback] : poller_.deadlines_) {
      if (key.first > now) break;
      due.push_back(key.second);
    }
    for (const Id id : due) {
      const auto time = poller_.deadline_times_.find(id);
      if (time == poller_.deadline_times_.end()) continue;
      auto deadline = poller_.deadlines_.extract({time->second, id});
      poller_.deadline_times_.erase(time);
      run(deadline.mapped());
    }
    if (!poller_.deadlines_.empty()) poller_.arm_timer(poller_.deadlines_.begin()->first.first);
  }

  /// How many callbacks ran; rethrows what the first of them threw.
  std::size_t finish() const {
    if (error_) std::rethrow_exception(error_);
    return ran_;
  }

 private:
  template <typename Callback>
  void run(Callback&& callback) {
    ++ran_;
    try {
      callback();
    } catch (...) {
      if (!error_) error_ = std::current_exception();
    }
  }

  Poller& poller_;
  std::size_t ran_ = 0;
  std::exception_ptr error_;
};

Poller::Poller()
    : epoll_{os::check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")},
      timer_{os::check(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create")} {
  set_events(EPOLL_CTL_ADD, timer_.get(), EPOLLIN, kTimerId);
}

void Poller::set_events(int operation, int fd, std::uint32_t events, Id id) const {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0) {
    os::throw_errno(errno, "epoll_ctl descriptor " + std::to_string(fd));
  }
}

Poller::Id Poller::add(int fd, std::uint32_t events, Callback callback) {
  const Id id = next_id_++;
  const auto entry = watches_.emplace(id, Watch{.fd = fd, .events = events, .callback = std::move(callback)}).first;
  try {
    if (events != 0) set_events(EPOLL_CTL_ADD, fd, events, id);
  } catch (...) {
    watches_.erase(entry);
    throw;
  }
  return id;
}

void Poller::modify(Id id, std::uint32_t events) {
  const auto entry = watches_.find(id);
  if (entry == watches_.end()) throw std::logic_error{"Poller::modify: no descriptor has this id"};
  Watch& watch = entry->second;
  if (watch.events == events) return;
  const int operation = watch.events == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  set_events(operation, watch.fd, events, id);
  watch.events = events;
}

Poller::Id Poller::add_deadline(Clock::time_point when, std::function<void()> callback) {
  const Id id = next_id_++;
  deadlines_.emplace(std::pair{when, id}, std::move(callback));
  deadline_times_.emplace(id, when);
  if (when < armed_) arm_timer(when);
  return id;
}

void Poller::remove(Id id) noexcept {
  if (auto entry = watches_.find(id); entry != watches_.end()) {
    if (entry->second.events != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, entry->second.fd, nullptr);
    if (passes_ == 0) {
      watches_.erase(entry);
    } else {
      removed_.push_back(watches_.extract(entry));
    }
  } else if (const auto time = deadline_times_.find(id); time != deadline_times_.end()) {
    // The timer stays armed: one empty wake-up some day costs less than a system call for each removal.
    const auto deadline = deadlines_.extract({time->second, id});  // dies last: its destructor may call in here
    deadline_times_.erase(time);
  }
}

std::size_t Poller::poll(std::chrono::nanoseconds timeout) {
  std::array<epoll_event, kBatch> events;  // NOLINT(cppcoreguidelines-pro-type-member-init): the kernel fills it
  const int result = wait_for_events(epoll_.get(), events, timeout);
  if (result < 0 && errno != EINTR) os::throw_errno(errno, "epoll_wait");
  if (result <= 0) return 0;
  const std::span found{events.data(), static_cast<std::size_t>(result)};
  if (!more_found_) ++wake_up_;
  more_found_ = found.size() == events.size();

  Pass pass{*this};
  bool timer_fired = false;
  for (const epoll_event& event : found) {
    if (event.data.u64 == kTimerId) {
      timer_fired = true;
    } else {
      pass.run_watch(event.data.u64, event.events);
    }
  }
  if (timer_fired) {  // after the descriptors: what had arrived in time counts before its timeout does
    std::uint64_t expirations = 0;
    // Nothing to read: a callback has armed it anew. Either way it is silent now, or armed for what is still to come.
    if (::read(timer_.get(), &expirations, sizeof expirations) > 0) armed_ = Clock::time_point::max();
    pass.run_deadlines(Clock::now());
  }
  return pass.finish();
}

void Poller::arm_timer(Clock::time_point when) {
  if (when == armed_) return;
  itimerspec setting{};
  setting.it_value = to_timespec(std::max(when.time_since_epoch(), Clock::duration{1}));  // 0 would disarm it
  os::check(::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &setting, nullptr), "timerfd_settime");
  armed_ = when;
}

void Poller::bury_removed() noexcept {
  while (!removed_.empty()) {
    Watches::node_type dying = std::move(removed_.back());  // its captures may remove more when they die
    removed_.pop_back();
  }
}

}  // namespace dummynet

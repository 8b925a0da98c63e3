#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

#include "dummynet/os/fd.hpp"
#include "dummynet/wire/impairment.hpp"

namespace dummynet::wire {

/// Waits for descriptors or a time, whichever comes first, epoll(7), and is at it in time: it gets up `spin` before and
/// looks again and again from then on. The timer's own lateness would be some 50 µs, in bad moments far more.
/// Spinning for long makes the scheduler take it for a CPU hog and let it wait for milliseconds, so that it spins for
/// no more than kMaxSpin at a time and a quarter of all time.
class Sleeper {
 public:
  static constexpr Nanoseconds kMaxSpin{200'000};
  /// So many are told at once; when there are as many, others may be ready too.
  static constexpr std::size_t kMost = 64;

  explicit Sleeper(Nanoseconds spin);

  void add(int descriptor, std::uint32_t events, std::uint64_t key);
  void modify(int descriptor, std::uint32_t events, std::uint64_t key);

  /// What is ready, perhaps nothing. Nanoseconds::max(): for ever. `precisely`: spins if that is needed.
  std::span<const epoll_event> wait_until(Nanoseconds when, bool precisely);

 private:
  int wait(Nanoseconds timeout);
  bool may_spin(Nanoseconds now) noexcept;

  os::Fd epoll_;
  Nanoseconds spin_;
  Nanoseconds spun_at_{0};  // when it last looked while spinning; 0: it does not
  Nanoseconds credit_{0};   // how long it may spin
  Nanoseconds credit_at_{0};
  bool has_pwait2_ = true;
  std::array<epoll_event, kMost> events_{};
};

}  // namespace dummynet::wire

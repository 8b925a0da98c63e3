#pragma once

#include <algorithm>
#include <ctime>

#include "dummynet/wire/impairment.hpp"

namespace dummynet::wire {

/// CLOCK_MONOTONIC: all times of the engine.
inline Nanoseconds monotonic_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds{now.tv_sec} + Nanoseconds{now.tv_nsec};
}

/// Brings the kernel's receive stamps, which are CLOCK_REALTIME, to the monotonic clock. Both run at one rate but for a
/// step when somebody sets the clock; so the offset is taken anew for each batch that is read.
class StampClock {
 public:
  /// Returns the monotonic time it was taken at. Who is put aside between the two clocks reads an offset that is
  /// wrong by as long: so another look is taken when they are far apart, and the error is always to the later.
  Nanoseconds update() noexcept {
    constexpr Nanoseconds kClose{1000};
    Nanoseconds least = Nanoseconds::max();
    for (int look = 0; look < 8 && least > kClose; ++look) {
      timespec real{};
      const Nanoseconds before = monotonic_now();
      ::clock_gettime(CLOCK_REALTIME, &real);
      now_ = monotonic_now();
      if (now_ - before >= least) continue;
      least = now_ - before;
      offset_ = now_ - (std::chrono::seconds{real.tv_sec} + Nanoseconds{real.tv_nsec});
    }
    return now_;
  }
  /// Never in the future, nor before `earliest`: what a step of the clock in between would make of it.
  Nanoseconds to_monotonic(Nanoseconds realtime, Nanoseconds earliest) const noexcept {
    return std::clamp(realtime + offset_, std::min(earliest, now_), now_);
  }

 private:
  Nanoseconds now_{0};
  Nanoseconds offset_{0};
};

}  // namespace dummynet::wire

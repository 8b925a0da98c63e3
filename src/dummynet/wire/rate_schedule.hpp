#pragma once

#include <span>

#include "dummynet/wire/instant.hpp"

namespace dummynet::wire {

/// A line whose rate changes at given times. Its functions mean what ConstantLine's do.
class ScheduleLine {
 public:
  /// `schedule.steps` must outlive it. Nothing passes before `start`.
  ScheduleLine(const RateSchedule& schedule, Nanoseconds start, Nanoseconds busy_until);

  Nanoseconds turn(Nanoseconds ready) const noexcept;
  /// kNever, and nothing has changed: the rate is 0 for good before the packet is through.
  Nanoseconds transmit(Nanoseconds ready, std::uint32_t bytes) noexcept;
  Nanoseconds drained(Nanoseconds ready, std::uint64_t bytes, std::uint64_t packets) const noexcept;

 private:
  struct Segment {
    Nanoseconds begin{0}, end{0};
    std::uint64_t rate = 0;
  };
  struct Finish {
    Nanoseconds at{0};
    std::uint64_t rest = 0;
  };

  Segment segment(Nanoseconds at) const noexcept;
  Nanoseconds open_from(Nanoseconds at) const noexcept;
  Finish finish(Nanoseconds from, Wide work) const noexcept;
  bool skip_rounds(Nanoseconds& at, Wide& work) const noexcept;

  std::span<const RateSchedule::Step> steps_;
  Nanoseconds repeat_;  // 0: not at all
  std::int32_t overhead_bytes_;
  Nanoseconds start_;
  Wide round_work_ = 0;     // what one round of a repeating schedule gets done
  mutable Segment here_{};  // most questions are about the segment of the one before
  Nanoseconds free_;
  std::uint64_t rest_ = 0;
};

}  // namespace dummynet::wire

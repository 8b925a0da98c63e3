#pragma once

#include <algorithm>

#include "dummynet/wire/instant.hpp"

namespace dummynet::wire {

/// A line that always has the same rate. All lines reckon with the packets' times and their own, never with the time at
/// which they are asked, so that nobody who comes late costs them anything.
class ConstantLine {
 public:
  /// `busy_until`: what was on the line before it became this one.
  ConstantLine(const LineRate& rate, Nanoseconds busy_until) noexcept
      : rate_{rate.bits_per_second}, overhead_bytes_{rate.overhead_bytes}, free_{busy_until} {}

  /// When a packet that is there since `ready` can begin to pass; never: kNever.
  Nanoseconds turn(Nanoseconds ready) const noexcept { return std::max(ready, free_); }

  /// Lets it pass, and says when its last bit has left.
  Nanoseconds transmit(Nanoseconds ready, std::uint32_t bytes) noexcept {
    if (ready > free_) {
      free_ = ready;
      rest_ = 0;
    }
    const std::uint64_t work = work_of(bytes, overhead_bytes_) + rest_;
    free_ = later(free_, Wide{work / rate_});
    rest_ = work % rate_;  // of a nanosecond: carried on, or an hour's packets would drift
    return free_;
  }

  /// When the first bit behind so many packets, there since `ready`, would begin to pass.
  Nanoseconds drained(Nanoseconds ready, std::uint64_t bytes, std::uint64_t packets) const noexcept {
    const Wide rest = ready > free_ ? 0 : rest_;
    return later(turn(ready), (work_of(bytes, packets, overhead_bytes_) + rest) / rate_);
  }

 private:
  std::uint64_t rate_;
  std::int32_t overhead_bytes_;
  Nanoseconds free_;
  std::uint64_t rest_ = 0;  // work still to be done after free_, less than a nanosecond's
};

}  // namespace dummynet::wire

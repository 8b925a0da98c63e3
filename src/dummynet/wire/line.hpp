#pragma once

#include <cstdint>
#include <variant>

#include "dummynet/wire/delivery_trace.hpp"
#include "dummynet/wire/line_rate.hpp"
#include "dummynet/wire/rate_schedule.hpp"

namespace dummynet::wire {

/// What a direction's packets must pass one after the other, if it has a rate: a ConstantLine, a ScheduleLine or a
/// TraceLine, whose functions it hands on.
class Line {
 public:
  Line() = default;
  /// `rate`'s steps or times must outlive it.
  Line(const Rate& rate, Nanoseconds start, Nanoseconds busy_until);

  bool is_there() const noexcept { return !std::holds_alternative<std::monostate>(kind_); }
  bool is_trace() const noexcept { return std::holds_alternative<TraceLine>(kind_); }

  Nanoseconds turn(Nanoseconds ready) const noexcept {
    if (const auto* constant = std::get_if<ConstantLine>(&kind_)) return constant->turn(ready);
    if (const auto* schedule = std::get_if<ScheduleLine>(&kind_)) return schedule->turn(ready);
    if (const auto* trace = std::get_if<TraceLine>(&kind_)) return trace->turn(ready);
    return ready;
  }
  Nanoseconds transmit(Nanoseconds ready, std::uint32_t bytes) noexcept {
    if (auto* constant = std::get_if<ConstantLine>(&kind_)) return constant->transmit(ready, bytes);
    if (auto* schedule = std::get_if<ScheduleLine>(&kind_)) return schedule->transmit(ready, bytes);
    if (auto* trace = std::get_if<TraceLine>(&kind_)) return trace->transmit(ready, bytes);
    return ready;
  }
  Nanoseconds drained(Nanoseconds ready, std::uint64_t bytes, std::uint64_t packets) const noexcept;

 private:
  std::variant<std::monostate, ConstantLine, ScheduleLine, TraceLine> kind_{};
};

}  // namespace dummynet::wire

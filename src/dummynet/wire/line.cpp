#include "dummynet/wire/line.hpp"

namespace dummynet::wire {

Line::Line(const Rate& rate, Nanoseconds start, Nanoseconds busy_until) {
  if (const auto* constant = std::get_if<LineRate>(&rate)) {
    kind_.emplace<ConstantLine>(*constant, busy_until);
  } else if (const auto* schedule = std::get_if<RateSchedule>(&rate)) {
    kind_.emplace<ScheduleLine>(*schedule, start, busy_until);
  } else if (const auto* trace = std::get_if<DeliveryTrace>(&rate)) {
    kind_.emplace<TraceLine>(*trace, start, busy_until);
  }
}

Nanoseconds Line::drained(Nanoseconds ready, std::uint64_t bytes, std::uint64_t packets) const noexcept {
  if (const auto* constant = std::get_if<ConstantLine>(&kind_)) return constant->drained(ready, bytes, packets);
  if (const auto* schedule = std::get_if<ScheduleLine>(&kind_)) return schedule->drained(ready, bytes, packets);
  if (const auto* trace = std::get_if<TraceLine>(&kind_)) return trace->drained(ready, bytes, packets);
  return ready;
}

}  // namespace dummynet::wire

#include "dummynet/wire/link_direction.hpp"

#include <algorithm>
#include <variant>

#include "dummynet/wire/impairment_check.hpp"

namespace dummynet::wire {

using namespace std::chrono_literals;

namespace {

constexpr Nanoseconds kGather = 50us;

}  // namespace

LinkDirection::LinkDirection(const Impairment& impairment, std::uint64_t seed, Nanoseconds start,
                             Pipeline::Frames& frames)
    : pipeline{impairment, seed, start, frames} {
  note_impairment();
}

void LinkDirection::note_impairment() {
  const Impairment& now = pipeline.impairment();
  wants_wire_packets_ = needs_wire_packets(now);
  promises_ = now.delay > 0ns || !std::holds_alternative<std::monostate>(now.rate);
  late_from_ = std::max<Nanoseconds>(1ms, now.delay / 20);
  very_late_from_ = std::max<Nanoseconds>(5ms, now.delay / 4);
  const bool may_be_early = now.jitter.amount > 0ns || now.reorder.probability > 0;
  // The pipeline itself takes up to the other half.
  pipeline_slack_ = may_be_early ? 0ns : std::min(now.delay / 2, kGather);
}

Nanoseconds LinkDirection::next() const noexcept {
  const Nanoseconds gathered = gathers() ? last_sent_ + kGather : 0ns;
  const Nanoseconds decided = pipeline.next();
  return std::min(decided == Nanoseconds::max() ? decided : decided + pipeline_slack_,
                  std::max({on_the_way.earliest(), blocked_until, gathered}));
}

void LinkDirection::note_offered(const Frame& frame) noexcept {
  extra_.offered_packets += frame.extra_packets;
  extra_.offered_bytes += frame.extra_bytes;
  extra_.departed_packets += frame.extra_packets;
  extra_.departed_bytes += frame.extra_bytes;
}

void LinkDirection::note_dropped(const Frame& frame, DropReason reason) noexcept {
  extra_.departed_packets -= frame.extra_packets;
  extra_.departed_bytes -= frame.extra_bytes;
  extra_.drops[static_cast<std::size_t>(reason)] += frame.extra_packets;
}

void LinkDirection::note_cut(const Frame& frame) noexcept {
  note_dropped(frame, DropReason::link_down);
  extra_.departed_packets -= 1;
  extra_.departed_bytes -= frame.length - kVirtioBytes;
  extra_.drops[static_cast<std::size_t>(DropReason::link_down)] += 1;
}

void LinkDirection::note_sent(const Frame& frame, Nanoseconds at) noexcept {
  const Nanoseconds late = at - frame.due;
  lateness_.add(late);
  if (promises_ && late > late_from_) ++late_packets_;
  if (promises_ && late > very_late_from_) ++very_late_packets_;
  const std::size_t bytes = frame.length - kVirtioBytes + frame.extra_bytes;
  if (at != last_sent_) close_sends_ = at - last_sent_ < 2 * kGather ? close_sends_ + 1 : 0;
  if (sent_packets_++ == 0) {
    first_sent_ = at;
  } else {
    bytes_after_first_ += bytes;
  }
  last_sent_ = at;
}

DirectionCounters LinkDirection::counters() const {
  DirectionCounters counters;
  counters.fate = pipeline.counters();
  counters.fate.offered_packets += extra_.offered_packets;
  counters.fate.offered_bytes += extra_.offered_bytes;
  counters.fate.departed_packets += extra_.departed_packets;
  counters.fate.departed_bytes += extra_.departed_bytes;
  for (std::size_t i = 0; i < kDropReasons; ++i) counters.fate.drops[i] += extra_.drops[i];
  counters.lateness = lateness_;
  counters.own_losses = own_losses;
  counters.late_packets = late_packets_;
  counters.very_late_packets = very_late_packets_;
  counters.unlogged_packets = unlogged_packets;
  const auto seconds = std::chrono::duration<double>(last_sent_ - first_sent_).count();
  if (seconds > 0) counters.achieved_bits_per_second = 8 * static_cast<double>(bytes_after_first_) / seconds;
  return counters;
}

}  // namespace dummynet::wire

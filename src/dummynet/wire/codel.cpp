#include "dummynet/wire/codel.hpp"

#include <cmath>

namespace dummynet::wire {
namespace {

constexpr std::uint64_t kMaxPacket = 1514;  // RFC 8289, section 4.1: never starve the line of its last packet

}  // namespace

void Codel::set(const Queue& queue) noexcept {
  target_ = queue.codel_target;
  interval_ = queue.codel_interval;
  ecn_ = queue.ecn;
}

void Codel::reset() noexcept {
  first_above_time_.reset();
  drop_next_ = Nanoseconds{0};
  count_ = last_count_ = 0;
  dropping_ = false;
}

Nanoseconds Codel::control_law(Nanoseconds from) const noexcept {
  return from +
         Nanoseconds{std::llround(static_cast<double>(interval_.count()) / std::sqrt(static_cast<double>(count_)))};
}

Codel::Candidate Codel::take(PacketQueue& queue, Nanoseconds now) noexcept {
  if (queue.empty()) {
    first_above_time_.reset();
    return {};
  }
  Candidate candidate{queue.pop(), false};
  const Nanoseconds sojourn = now - candidate.packet->arrived;
  if (sojourn < target_ || queue.bytes() <= kMaxPacket) {
    first_above_time_.reset();
  } else if (!first_above_time_) {
    first_above_time_ = now + interval_;
  } else {
    candidate.ok_to_drop = now >= *first_above_time_;
  }
  return candidate;
}

std::optional<Packet> Codel::dequeue(PacketQueue& queue, Nanoseconds now, Outlet& outlet) {
  const Candidate candidate = take(queue, now);
  if (!candidate.packet) {
    dropping_ = false;
    return std::nullopt;
  }
  if (dropping_) return stay_dropping(candidate, queue, now, outlet);
  if (candidate.ok_to_drop) return start_dropping(candidate, queue, now, outlet);
  return candidate.packet;
}

std::optional<Packet> Codel::stay_dropping(Candidate candidate, PacketQueue& queue, Nanoseconds now, Outlet& outlet) {
  if (!candidate.ok_to_drop) dropping_ = false;
  while (dropping_ && now >= drop_next_) {
    ++count_;
    if (may_mark(*candidate.packet)) {
      candidate.packet->mark = true;
      drop_next_ = control_law(drop_next_);
      return candidate.packet;
    }
    outlet.drop(*candidate.packet, DropReason::codel, now);
    candidate = take(queue, now);
    if (candidate.ok_to_drop) {
      drop_next_ = control_law(drop_next_);
    } else {
      dropping_ = false;
    }
  }
  return candidate.packet;
}

std::optional<Packet> Codel::start_dropping(Candidate candidate, PacketQueue& queue, Nanoseconds now, Outlet& outlet) {
  if (may_mark(*candidate.packet)) {
    candidate.packet->mark = true;
  } else {
    outlet.drop(*candidate.packet, DropReason::codel, now);
    candidate = take(queue, now);
  }
  dropping_ = true;
  // Begun again soon after it ended: go on at about the rate that was enough then.
  const std::uint64_t delta = count_ - last_count_;
  count_ = delta > 1 && now - drop_next_ < 16 * interval_ ? delta : 1;
  drop_next_ = control_law(now);
  last_count_ = count_;
  return candidate.packet;
}

}  // namespace dummynet::wire

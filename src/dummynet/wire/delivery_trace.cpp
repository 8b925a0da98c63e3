#include "dummynet/wire/delivery_trace.hpp"

#include <algorithm>

namespace dummynet::wire {
namespace {

constexpr std::uint64_t kNanosecondsPerMillisecond = 1'000'000;

std::uint64_t charged_bytes(std::uint32_t bytes) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(1, std::int64_t{bytes} + TraceLine::kOverheadBytes));
}

}  // namespace

TraceLine::TraceLine(const DeliveryTrace& trace, Nanoseconds start, Nanoseconds busy_until) noexcept
    : milliseconds_{trace.milliseconds}, repeats_{trace.repeat}, start_{start}, busy_until_{busy_until} {}

Nanoseconds TraceLine::time(Place place) const noexcept {
  const Wide rounds = Wide{place.round} * milliseconds_.back();
  return later(start_, (rounds + milliseconds_[place.index]) * kNanosecondsPerMillisecond);
}

std::optional<TraceLine::Place> TraceLine::after(Place place, Wide steps) const noexcept {
  const Wide index = place.index + steps;
  const Wide rounds = index / milliseconds_.size();
  if (rounds == 0) return Place{place.round, static_cast<std::size_t>(index)};
  if (!repeats_ || rounds > (Wide{1} << 62)) return std::nullopt;
  return Place{place.round + static_cast<std::uint64_t>(rounds),
               static_cast<std::size_t>(index % milliseconds_.size())};
}

// The first of all opportunities that is not before `ready`.
std::optional<TraceLine::Place> TraceLine::first_from(Nanoseconds ready) const noexcept {
  if (ready <= start_) return Place{};
  const auto offset = static_cast<std::uint64_t>((ready - start_).count());
  std::uint64_t wanted = (offset + kNanosecondsPerMillisecond - 1) / kNanosecondsPerMillisecond;
  std::uint64_t round = 0;
  if (repeats_) {
    // A round's last opportunity lies where the next round begins, and comes first.
    round = (wanted - 1) / milliseconds_.back();
    wanted -= round * milliseconds_.back();
  }
  const auto found = std::lower_bound(milliseconds_.begin(), milliseconds_.end(), wanted);
  if (found == milliseconds_.end()) return std::nullopt;
  return Place{round, static_cast<std::size_t>(found - milliseconds_.begin())};
}

// The first opportunity that is not before `ready` and not used up yet.
std::optional<TraceLine::Place> TraceLine::next_from(Nanoseconds ready) const noexcept {
  if (is_over_) return std::nullopt;
  ready = std::max(ready, busy_until_);
  if (!open_) return first_from(ready);
  if (left_bytes_ > 0 && ready <= time(*open_)) return open_;
  const std::optional<Place> next = after(*open_, 1);
  if (!next || time(*next) >= ready) return next;
  return first_from(ready);
}

// What an opportunity that next_from() gave can still carry.
std::uint32_t TraceLine::bytes_at(Place place) const noexcept {
  return place == open_ ? left_bytes_ : DeliveryTrace::kBytes;
}

Nanoseconds TraceLine::turn(Nanoseconds ready) const noexcept {
  const std::optional<Place> place = next_from(ready);
  return place ? time(*place) : kNever;
}

Nanoseconds TraceLine::transmit(Nanoseconds ready, std::uint32_t bytes) noexcept {
  std::optional<Place> place = next_from(ready);
  if (!place) return kNever;
  const std::uint64_t available = bytes_at(*place);
  const std::uint64_t charged = charged_bytes(bytes);
  if (charged <= available) {
    left_bytes_ = static_cast<std::uint32_t>(available - charged);
  } else {
    const std::uint64_t more = charged - available;
    const std::uint64_t opportunities = (more + DeliveryTrace::kBytes - 1) / DeliveryTrace::kBytes;
    left_bytes_ = static_cast<std::uint32_t>(opportunities * DeliveryTrace::kBytes - more);
    place = after(*place, opportunities);
  }
  if (!place) {
    is_over_ = true;
    return kNever;
  }
  open_ = place;
  return time(*place);
}

Nanoseconds TraceLine::drained(Nanoseconds ready, std::uint64_t bytes, std::uint64_t packets) const noexcept {
  std::optional<Place> place = next_from(ready);
  if (!place) return kNever;
  const Wide available = bytes_at(*place);
  const Wide charged = work_of(bytes, packets, kOverheadBytes) / kWorkPerByte;
  if (charged >= available) place = after(*place, 1 + (charged - available) / DeliveryTrace::kBytes);
  return place ? time(*place) : kNever;
}

}  // namespace dummynet::wire

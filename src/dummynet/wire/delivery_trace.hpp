#pragma once

#include <optional>
#include <span>

#include "dummynet/wire/instant.hpp"

namespace dummynet::wire {

/// A line that carries packets at given opportunities only. Its functions mean what ConstantLine's do. A frame counts
/// as Mahimahi counts it: its IP packet and 4 bytes, so that one of 1,500 bytes takes exactly one opportunity.
class TraceLine {
 public:
  static constexpr std::int32_t kOverheadBytes = -10;

  /// `trace.milliseconds` must outlive it.
  TraceLine(const DeliveryTrace& trace, Nanoseconds start, Nanoseconds busy_until) noexcept;

  Nanoseconds turn(Nanoseconds ready) const noexcept;
  /// kNever: the trace ends before the packet is through; there are no more opportunities then.
  Nanoseconds transmit(Nanoseconds ready, std::uint32_t bytes) noexcept;
  Nanoseconds drained(Nanoseconds ready, std::uint64_t bytes, std::uint64_t packets) const noexcept;

 private:
  // An opportunity: which one in which round.
  struct Place {
    std::uint64_t round = 0;
    std::size_t index = 0;
    bool operator==(const Place&) const = default;
  };

  Nanoseconds time(Place place) const noexcept;
  std::optional<Place> after(Place place, Wide steps) const noexcept;
  std::optional<Place> first_from(Nanoseconds ready) const noexcept;
  std::optional<Place> next_from(Nanoseconds ready) const noexcept;
  std::uint32_t bytes_at(Place place) const noexcept;

  std::span<const std::uint64_t> milliseconds_;
  bool repeats_;
  Nanoseconds start_;
  Nanoseconds busy_until_;
  std::optional<Place> open_{};  // the last opportunity that was used, and what is left of it
  std::uint32_t left_bytes_ = 0;
  bool is_over_ = false;
};

}  // namespace dummynet::wire

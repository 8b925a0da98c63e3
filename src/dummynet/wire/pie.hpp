#pragma once

#include <cstdint>

#include "dummynet/wire/impairment.hpp"

namespace dummynet::wire {

/// PIE, RFC 8033: drops newcomers with a probability that a controller moves every `pie_update`, by how far the queue's
/// delay is from the target and which way it goes. The delay is not estimated but known: what waits, over the line's
/// rate. Names and steps as in the RFC's sections 4 and 5; without its optional switching on and off.
class Pie {
 public:
  Pie() = default;
  void set(const Queue& queue) noexcept;
  /// Begins anew; the first update comes one period after `now`.
  void reset(Nanoseconds now) noexcept;

  Nanoseconds next_update() const noexcept { return next_update_; }
  /// With the delay at next_update().
  void update(Nanoseconds queue_delay) noexcept;
  /// With an empty queue from next_update() until `now`.
  void idle_until(Nanoseconds now) noexcept;

  enum class Verdict : std::uint8_t { enqueue, mark, drop };
  /// For a newcomer, from 64 random bits.
  Verdict admit(std::uint64_t queue_bytes, bool can_mark, std::uint64_t random_bits) noexcept;

  double drop_probability() const noexcept { return drop_probability_; }

 private:
  bool wants_drop(std::uint64_t queue_bytes, std::uint64_t random_bits) noexcept;

  Nanoseconds target_{0};
  Nanoseconds period_{1};
  bool ecn_ = false;

  Nanoseconds next_update_{0};
  Nanoseconds old_delay_{0};
  Nanoseconds burst_allowance_{0};
  double drop_probability_ = 0;
  double accumulated_ = 0;  // of the probabilities since the last drop
};

}  // namespace dummynet::wire

#pragma once

#include <cstdint>
#include <span>

#include "dummynet/wire/impairment.hpp"

namespace dummynet::wire {

/// How much longer or shorter than the link's delay a packet takes.
class JitterModel {
 public:
  JitterModel() = default;
  /// `jitter.table` must outlive it.
  explicit JitterModel(const Jitter& jitter);

  /// For one packet, from its 64 random bits: tc-netem(8)'s arithmetic, to the nanosecond.
  Nanoseconds deviation(std::uint64_t random_bits) const noexcept;
  bool is_there() const noexcept { return amount_.count() != 0; }
  /// No deviation is below minus this.
  Nanoseconds reach() const noexcept { return reach_; }

 private:
  Nanoseconds amount_{0};
  Nanoseconds reach_{0};
  std::span<const std::int16_t> table_{};  // empty: uniform
};

}  // namespace dummynet::wire

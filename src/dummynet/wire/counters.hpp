#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dummynet/wire/pipeline.hpp"

namespace dummynet::wire {

/// How late packets were released, in powers of two of a microsecond: [0] below 1 µs, [n] below 2^n µs.
struct LatenessHistogram {
  std::array<std::uint64_t, 32> buckets{};
  Nanoseconds max{0};
  void add(Nanoseconds late) noexcept;
  /// The upper bound of the bucket that holds this share (0 to 1) of all, at most `max`.
  Nanoseconds quantile(double share) const noexcept;
  std::uint64_t count() const noexcept;
  bool operator==(const LatenessHistogram&) const = default;
};

struct DirectionCounters {
  PipelineCounters fate{};
  LatenessHistogram lateness{};
  std::uint64_t own_losses = 0;      ///< the engine's own fault: no memory, refused by the kernel, missed in its buffer
  std::uint64_t missed_packets = 0;  ///< of these: the sockets where frames wait for the engine were full
  std::uint64_t room_bytes = 0;      ///< of those sockets, the kernel's overhead included: SO_RCVBUF, socket(7)
  bool room_is_limited = false;      ///< to less than was asked for: net.core.rmem_max
  std::uint64_t late_packets = 0;    ///< later than max(1 ms, 5 % of the delay); only where something was promised
  std::uint64_t very_late_packets = 0;  ///< later than max(5 ms, 25 %)
  std::uint64_t unlogged_packets = 0;   ///< their line in the packet log was lost: the log could not keep up
  double achieved_bits_per_second = 0;  ///< while packets departed; 0: fewer than two
  bool operator==(const DirectionCounters&) const = default;
};

struct LinkCounters {
  std::array<DirectionCounters, 2> directions{};
  bool operator==(const LinkCounters&) const = default;
};

}  // namespace dummynet::wire

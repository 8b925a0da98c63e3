#pragma once

#include <limits>

#include "dummynet/wire/impairment.hpp"

namespace dummynet::wire {

/// An instant that never comes.
inline constexpr Nanoseconds kNever = Nanoseconds::max();

__extension__ using Wide = unsigned __int128;

/// `from` + `by`, or never where that is beyond what 64 bits hold.
constexpr Nanoseconds later(Nanoseconds from, Wide by) noexcept {
  std::int64_t sum = 0;
  if (by > static_cast<Wide>(std::numeric_limits<std::int64_t>::max())) return kNever;
  if (__builtin_add_overflow(from.count(), static_cast<std::int64_t>(by), &sum)) return kNever;
  return Nanoseconds{sum};
}

constexpr Nanoseconds later(Nanoseconds from, Nanoseconds by) noexcept {
  return later(from, static_cast<Wide>(by.count()));
}

/// A line of `rate` bits per second does `rate` units of work in each nanosecond: so a bit is 10^9 of them, and times
/// come out in whole units, without rounding.
inline constexpr std::uint64_t kWorkPerByte = 8'000'000'000;

/// The work that a frame is. Frames beyond 256 MiB do not exist; the bound keeps all sums within their type.
constexpr std::uint64_t work_of(std::uint32_t bytes, std::int32_t overhead_bytes) noexcept {
  const std::int64_t charged = std::int64_t{bytes} + overhead_bytes;
  if (charged <= 0) return 0;
  constexpr std::int64_t kMost = 1 << 28;
  return static_cast<std::uint64_t>(charged < kMost ? charged : kMost) * kWorkPerByte;
}

/// The same for many frames.
constexpr Wide work_of(std::uint64_t bytes, std::uint64_t packets, std::int32_t overhead_bytes) noexcept {
  __extension__ using Signed = __int128;
  const Signed charged = Signed{bytes} + Signed{packets} * overhead_bytes;
  return charged <= 0 ? 0 : static_cast<Wide>(charged) * kWorkPerByte;
}

}  // namespace dummynet::wire

#pragma once

#include <algorithm>
#include <chrono>

#include "dummynet/core/run_info.hpp"

namespace dummynet {

/// The moment `wait` after `from`. For callers to whom nanoseconds::max() means "for ever": it is never beyond what a
/// time point holds.
inline Clock::time_point deadline_after(std::chrono::nanoseconds wait, Clock::time_point from = Clock::now()) {
  constexpr std::chrono::nanoseconds kAges = std::chrono::hours{24 * 365 * 100};
  return from + std::min(wait, kAges);
}

}  // namespace dummynet

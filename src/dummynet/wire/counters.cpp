#include "dummynet/wire/counters.hpp"

#include <algorithm>
#include <bit>

namespace dummynet::wire {

void LatenessHistogram::add(Nanoseconds late) noexcept {
  late = std::max(late, Nanoseconds{0});
  const auto microseconds = static_cast<std::uint64_t>(late.count() / 1000);
  const auto bucket = static_cast<std::size_t>(std::bit_width(microseconds));
  ++buckets[std::min(bucket, buckets.size() - 1)];
  max = std::max(max, late);
}

Nanoseconds LatenessHistogram::quantile(double share) const noexcept {
  const double wanted = share * static_cast<double>(count());
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    seen += buckets[i];
    if (seen > 0 && static_cast<double>(seen) >= wanted) {
      return std::min(Nanoseconds{std::int64_t{1000} << i}, max);
    }
  }
  return max;
}

std::uint64_t LatenessHistogram::count() const noexcept {
  std::uint64_t sum = 0;
  for (const std::uint64_t one : buckets) sum += one;
  return sum;
}

}  // namespace dummynet::wire

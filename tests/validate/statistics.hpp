#pragma once

#include <cmath>
#include <cstdint>

namespace validate {

struct Interval {
  double low = 0, high = 0;
  bool contains(double value) const { return value >= low && value <= high; }
};

/// Wilson's interval for a share of which `hits` of `all` were seen; z: how many standard errors, 1.96 for 95 %.
inline Interval share_interval(std::uint64_t hits, std::uint64_t all, double z) {
  if (all == 0) return {0, 1};
  const auto n = static_cast<double>(all);
  const double share = static_cast<double>(hits) / n;
  const double middle = (share + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  return {middle - half, middle + half};
}

/// TCP's goodput in bits per second after Mathis, Semke, Mahdavi and Ott (1997): MSS / RTT × √(3/2) / √loss.
inline double mathis(double segment_bytes, double round_trip_seconds, double loss) {
  return segment_bytes * 8 / round_trip_seconds * std::sqrt(1.5 / loss);
}

}  // namespace validate

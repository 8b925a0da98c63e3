#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "validate/measurements.hpp"
#include "validate/statistics.hpp"

/// What tables and pictures say of a measurement, and when it has missed.
namespace validate {

inline constexpr nanoseconds kDelayBound = std::chrono::microseconds{200};
inline constexpr double kRateBound = 0.01;

inline double ms(nanoseconds time) { return std::chrono::duration<double, std::milli>{time}.count(); }
inline double us(nanoseconds time) { return std::chrono::duration<double, std::micro>{time}.count(); }
inline double megabits(double bits) { return bits / 1e6; }

/// A share of packets that did not arrive.
struct Lost {
  std::uint64_t packets = 0;
  double share = 0;
  Interval likely{};    ///< 95 %
  Interval possible{};  ///< 99.9 %: what was asked lies outside of it once in a thousand figures
};
/// What overflowed in the probe's own socket has come through the link.
Lost lost(const Seen& seen);
/// "0.109 % | 0.090–0.131 %"
std::string shown(const Lost& lost);

/// How long the median packet took beyond what was asked, without what the plain cable takes.
inline nanoseconds beyond(const DelayRow& row) { return row.seen.p50 - row.plain.p50 - row.requested; }
inline nanoseconds beyond(const GridRow& row, nanoseconds plain) { return row.paced.p50 - row.expected - plain; }
inline bool holds(nanoseconds beyond) { return std::chrono::abs(beyond) <= kDelayBound; }

/// 0: as asked; 0.01: 1 % more.
inline double error_of(double achieved, std::uint64_t requested) {
  return achieved / static_cast<double>(requested) - 1;
}
inline bool holds_rate(double error) { return error >= -kRateBound && error <= kRateBound; }
/// iperf3's figures count payload only.
inline double udp_frames(double payload_bits) { return payload_bits * 1514 / 1472; }
inline double tcp_frames(double payload_bits) { return payload_bits * 1514 / 1448; }
/// Whether as much came over the plain cable that a rate can be seen at all.
inline bool is_carried(double plain_frames, std::uint64_t rate) { return error_of(plain_frames, rate) >= 0.05; }

/// Throws std::runtime_error when the file cannot be written.
void write_text(const std::string& text, const std::string& file);

}  // namespace validate

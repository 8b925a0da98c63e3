#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace dummynet::scenario {

/// A value, or why the text is none.
template <typename T>
struct Parsed {
  std::optional<T> value;
  std::string error;  ///< for people, e.g. "`5 parsecs` is not a duration; …"; empty when there is a value
};

struct BitsPerSecond {
  std::uint64_t value = 0;
  bool operator==(const BitsPerSecond&) const = default;
};
struct Bytes {
  std::uint64_t value = 0;
  bool operator==(const Bytes&) const = default;
};

struct Packets {
  std::uint64_t value = 0;
  bool operator==(const Packets&) const = default;
};

/// All of these: a decimal number without sign or exponent, directly followed by its unit; up to nine decimals, rounded
/// to the nearest whole nanosecond, bit or byte.

/// `250us 20ms 5s 2min 1.5h`; also ns. At most 365 days.
Parsed<std::chrono::nanoseconds> parse_duration(std::string_view text);
/// Bits per second, decimal: `800bit 64kbit 10mbit 1gbit 1tbit`.
Parsed<BitsPerSecond> parse_rate(std::string_view text);
/// `1500b`, decimal `kb mb gb`, binary `kib mib gib`.
Parsed<Bytes> parse_size(std::string_view text);
/// `0.5%` is 0.005. From 0% to 100%.
Parsed<double> parse_percentage(std::string_view text);

using QueueLimit = std::variant<Packets, Bytes, std::chrono::nanoseconds>;
/// `60p` packets, or a size, or a duration.
Parsed<QueueLimit> parse_queue_limit(std::string_view text);

}  // namespace dummynet::scenario

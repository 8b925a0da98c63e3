#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dummynet::scenario {

/// Figures as people read them: three digits, a fitting unit.

/// "850us", "12.3ms", "5.02s", "3min 2s", "1h 5min".
std::string human_duration(std::chrono::nanoseconds duration);
/// "812 B", "3.41 MiB".
std::string human_bytes(std::uint64_t bytes);
/// "24.3 Gbit/s", "0.042 ms", "17": decimal prefixes where the unit takes them (bit, B, bit/s, B/s, Hz, packets/s).
std::string human_value(double value, std::string_view unit);
/// "a", "a and b", "a, b and c".
std::string human_list(const std::vector<std::string>& items);

}  // namespace dummynet::scenario

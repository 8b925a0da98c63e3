#include "dummynet/scenario/humanise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace dummynet::scenario {
namespace {

constexpr auto kScaled = std::to_array<std::string_view>({"bit", "bit/s", "B", "B/s", "Hz", "packets/s"});

/// Three significant digits, without an exponent: 24.3, 5.02, 987, 0.042.
std::string three_digits(double value) {
  if (!std::isfinite(value)) return fmt::format("{}", value);
  if (std::abs(value) >= 99.95) return fmt::format("{:.0f}", value);
  if (std::abs(value) >= 9.995) return fmt::format("{:.1f}", value);
  if (std::abs(value) >= 0.9995 || value == 0) return fmt::format("{:.2f}", value);
  return fmt::format("{:.3g}", value);
}

/// The same without decimals that say nothing: 5 instead of 5.00.
std::string plain(double value) {
  std::string text = three_digits(value);
  if (text.find('.') != std::string::npos && text.find('e') == std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text;
}

struct Scaled {
  double value;
  std::string_view prefix;
};

Scaled scale(double value, double base, const std::array<std::string_view, 6>& prefixes) {
  std::size_t step = 0;
  // The bound is where rounding to three digits would show a full step: 999.95 k is 1 M.
  while (std::abs(value) >= base - base / 2000 && step + 1 < prefixes.size()) {
    value /= base;
    ++step;
  }
  return {value, prefixes[step]};
}

}  // namespace

std::string human_duration(std::chrono::nanoseconds duration) {
  using namespace std::chrono_literals;
  const auto ns = static_cast<double>(duration.count());
  if (duration < 1us) return fmt::format("{}ns", duration.count());
  if (duration < 999'500ns) return plain(ns / 1e3) + "us";
  if (duration < 999'500us) return plain(ns / 1e6) + "ms";
  if (duration < 59'950ms) return plain(ns / 1e9) + "s";
  const auto seconds = std::chrono::round<std::chrono::seconds>(duration).count();
  if (seconds < 3600)
    return fmt::format("{}min", seconds / 60) + (seconds % 60 ? fmt::format(" {}s", seconds % 60) : "");
  return fmt::format("{}h", seconds / 3600) + (seconds % 3600 / 60 ? fmt::format(" {}min", seconds % 3600 / 60) : "");
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  const Scaled scaled = scale(static_cast<double>(bytes), 1024, {"", "Ki", "Mi", "Gi", "Ti", "Pi"});
  return fmt::format("{} {}B", three_digits(scaled.value), scaled.prefix);
}

std::string human_value(double value, std::string_view unit) {
  if (std::find(kScaled.begin(), kScaled.end(), unit) != kScaled.end()) {
    const Scaled scaled = scale(value, 1000, {"", "k", "M", "G", "T", "P"});
    return fmt::format("{} {}{}", plain(scaled.value), scaled.prefix, unit);
  }
  return unit.empty() ? plain(value) : fmt::format("{} {}", plain(value), unit);
}

std::string human_list(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? " and " : ", ";
    text += items[i];
  }
  return text;
}

}  // namespace dummynet::scenario

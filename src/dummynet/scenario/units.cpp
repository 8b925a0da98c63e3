#include "dummynet/scenario/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <span>
#include <string>

#include "dummynet/scenario/complaint.hpp"

namespace dummynet::scenario {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr Unit kDurations[] = {{"ns", 1},
                               {"us", 1'000},
                               {"ms", 1'000'000},
                               {"s", 1'000'000'000},
                               {"min", 60'000'000'000},
                               {"h", 3'600'000'000'000}};
constexpr Unit kRates[] = {
    {"bit", 1}, {"kbit", 1'000}, {"mbit", 1'000'000}, {"gbit", 1'000'000'000}, {"tbit", 1'000'000'000'000}};
constexpr Unit kSizes[] = {{"b", 1},           {"kb", 1'000},      {"mb", 1'000'000}, {"gb", 1'000'000'000},
                           {"kib", 1U << 10U}, {"mib", 1U << 20U}, {"gib", 1U << 30U}};
constexpr std::uint64_t kLongestDuration = 365ULL * 24 * 3'600'000'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The number at the front of a text, kept in two exact parts.
struct Number {
  std::uint64_t whole = 0;
  std::uint64_t billionths = 0;
  bool valid = false;
  bool too_large = false;
  std::string_view rest;
};

Number split_number(std::string_view text) {
  Number number;
  std::size_t i = 0;
  for (; i < text.size() && is_digit(text[i]); ++i) {
    number.valid = true;
    const auto digit = static_cast<std::uint64_t>(text[i] - '0');
    if (__builtin_mul_overflow(number.whole, 10U, &number.whole) ||
        __builtin_add_overflow(number.whole, digit, &number.whole)) {
      number.too_large = true;
    }
  }
  if (number.valid && i < text.size() && text[i] == '.') {
    const std::size_t point = i++;
    std::uint64_t place = 100'000'000;
    for (; i < text.size() && is_digit(text[i]); ++i, place /= 10) {
      number.billionths += static_cast<std::uint64_t>(text[i] - '0') * place;
    }
    if (const std::size_t decimals = i - point - 1; decimals == 0 || decimals > 9) number.valid = false;
  }
  number.rest = text.substr(i);
  return number;
}

/// Nothing when it does not fit into 64 bits.
std::optional<std::uint64_t> times(const Number& number, std::uint64_t factor) {
  std::uint64_t result = 0;
  if (number.too_large || __builtin_mul_overflow(number.whole, factor, &result)) return std::nullopt;
  const long double fraction = static_cast<long double>(number.billionths) * static_cast<long double>(factor) / 1e9L;
  if (__builtin_add_overflow(result, static_cast<std::uint64_t>(std::llroundl(fraction)), &result)) return std::nullopt;
  return result;
}

/// How our units are spelt: "10 Mbit" → "10mbit".
std::string tidied(std::string_view text) {
  std::string tidy;
  for (const char c : text) {
    if (c != ' ') tidy += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return tidy;
}

struct Quantity {
  std::string_view kind;      // "duration"
  std::string_view examples;  // "`20ms`, `5s`"
  std::string_view guess;     // the unit that is offered when there is none
  std::span<const Unit> units;
  std::uint64_t most;
};

Parsed<std::uint64_t> parse_quantity(std::string_view text, const Quantity& quantity) {
  const Number number = split_number(text);
  if (text.starts_with('-') && split_number(text.substr(1)).valid) {
    return {std::nullopt, fmt::format("{} is not a {}: it is negative", backticked(text), quantity.kind)};
  }
  if (!number.valid) {
    return {std::nullopt,
            fmt::format("{} is not a {}; write e.g. {}", backticked(text), quantity.kind, quantity.examples)};
  }
  if (number.rest.empty()) {
    return {std::nullopt,
            fmt::format("{} has no unit; did you mean `{}{}`?", backticked(text), text.substr(0, 40), quantity.guess)};
  }
  for (const Unit& unit : quantity.units) {
    if (unit.name != number.rest) continue;
    const std::optional<std::uint64_t> value = times(number, unit.factor);
    if (!value || *value > quantity.most)
      return {std::nullopt, fmt::format("{} is too large a {}", backticked(text), quantity.kind)};
    return {value, {}};
  }
  if (const std::string tidy = tidied(text);
      std::ranges::any_of(quantity.units, [&](const Unit& unit) { return unit.name == split_number(tidy).rest; })) {
    return {std::nullopt,
            fmt::format("{} is not a {}; did you mean {}?", backticked(text), quantity.kind, backticked(tidy))};
  }
  std::string names;
  for (const Unit& unit : quantity.units) names += fmt::format("{}{}", names.empty() ? "" : ", ", unit.name);
  return {std::nullopt, fmt::format("{} is not a {}: {} is no unit here; there are {}", backticked(text), quantity.kind,
                                    backticked(number.rest), names)};
}

}  // namespace

Parsed<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  auto [value, error] = parse_quantity(text, {"duration", "`20ms`, `5s` or `2min`", "s", kDurations, kLongestDuration});
  if (!value) return {std::nullopt, std::move(error)};
  return {std::chrono::nanoseconds{static_cast<std::int64_t>(*value)}, {}};
}

Parsed<BitsPerSecond> parse_rate(std::string_view text) {
  auto [value, error] = parse_quantity(text, {"rate", "`64kbit`, `10mbit` or `1gbit`", "bit", kRates, UINT64_MAX});
  if (!value) return {std::nullopt, std::move(error)};
  return {BitsPerSecond{*value}, {}};
}

Parsed<Bytes> parse_size(std::string_view text) {
  auto [value, error] = parse_quantity(text, {"size", "`1500b`, `64kib` or `10mb`", "b", kSizes, UINT64_MAX});
  if (!value) return {std::nullopt, std::move(error)};
  return {Bytes{*value}, {}};
}

Parsed<double> parse_percentage(std::string_view text) {
  const Number number = split_number(text);
  if (number.valid && number.rest.empty()) {
    return {std::nullopt, fmt::format("{} has no unit; did you mean `{}%`?", backticked(text), text.substr(0, 40))};
  }
  if (text.starts_with('-') && split_number(text.substr(1)).valid) {
    return {std::nullopt, fmt::format("{} is not a percentage: it is negative", backticked(text))};
  }
  const std::string_view unit = number.rest.substr(std::min(number.rest.find_first_not_of(' '), number.rest.size()));
  if (!number.valid || unit != "%") {
    return {std::nullopt, fmt::format("{} is not a percentage; write e.g. `1%` or `0.5%`", backticked(text))};
  }
  if (number.too_large || number.whole > 100 || (number.whole == 100 && number.billionths > 0)) {
    return {std::nullopt, fmt::format("{} is more than 100%", backticked(text))};
  }
  if (unit != number.rest) {
    return {std::nullopt,
            fmt::format("{} is not a percentage; did you mean {}?", backticked(text), backticked(tidied(text)))};
  }
  return {(static_cast<double>(number.whole) + static_cast<double>(number.billionths) / 1e9) / 100.0, {}};
}

Parsed<QueueLimit> parse_queue_limit(std::string_view text) {
  const Number number = split_number(text);
  const auto is_in = [&](std::span<const Unit> units) {
    return std::ranges::any_of(units, [&](const Unit& unit) { return unit.name == number.rest; });
  };
  if (number.valid && is_in(kDurations)) {
    auto [value, error] = parse_duration(text);
    return {value ? std::optional{QueueLimit{*value}} : std::nullopt, std::move(error)};
  }
  if (number.valid && is_in(kSizes)) {
    auto [value, error] = parse_size(text);
    return {value ? std::optional{QueueLimit{*value}} : std::nullopt, std::move(error)};
  }
  if (number.valid && number.rest == "p" && number.billionths == 0 && !number.too_large) {
    return {QueueLimit{Packets{number.whole}}, {}};
  }
  if (number.valid && number.rest.empty()) {
    return {std::nullopt,
            fmt::format("{} has no unit; did you mean `{}p`, so many packets?", backticked(text), text.substr(0, 40))};
  }
  return {std::nullopt,
          fmt::format("{} is no limit of a queue; write e.g. `60p` (packets), `64kib` or `50ms`", backticked(text))};
}

}  // namespace dummynet::scenario

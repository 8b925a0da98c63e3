#include "dummynet/wire/delivery_trace_text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace dummynet::wire {
namespace {

constexpr std::uint64_t kLastMillisecond = 366ULL * 24 * 3600 * 1000;  // a year, as check_impairment() has it

std::optional<std::uint64_t> parse_number(std::string_view line) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error != std::errc{} || end != line.data() + line.size()) return std::nullopt;
  return number;
}

// For a message: no control characters, no endless line.
std::string shown(std::string_view line) {
  constexpr std::size_t kMost = 40;
  std::string text{line.substr(0, kMost)};
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return line.size() > kMost ? text + "…" : text;
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::variant<DeliveryTrace, TraceTextError> parse_delivery_trace(std::string_view text, bool repeat) {
  DeliveryTrace trace;
  trace.repeat = repeat;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    const std::optional<std::uint64_t> time = parse_number(line);
    if (!time) return TraceTextError{number, "expected milliseconds as a whole number, found '" + shown(line) + "'"};
    if (!trace.milliseconds.empty() && *time < trace.milliseconds.back()) {
      return TraceTextError{number, "times must not descend: " + std::to_string(*time) + " comes after " +
                                        std::to_string(trace.milliseconds.back())};
    }
    if (*time > kLastMillisecond) return TraceTextError{number, "a trace must not be longer than a year"};
    trace.milliseconds.push_back(*time);
  }
  if (trace.milliseconds.empty()) return TraceTextError{0, "the trace is empty"};
  if (trace.milliseconds.back() == 0) return TraceTextError{0, "all times are 0: a trace must last at least 1ms"};
  return trace;
}

}  // namespace dummynet::wire

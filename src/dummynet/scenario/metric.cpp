#include "dummynet/scenario/metric.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dummynet/scenario/complaint.hpp"

namespace dummynet::scenario {
namespace {

Parsed<double> parse_number(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first != std::string_view::npos) text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || rest != text.data() + text.size() || !std::isfinite(value)) {
    return {std::nullopt, fmt::format("{} is no number", backticked(text))};
  }
  return {value, {}};
}

nlohmann::json parse_output(std::string_view out) {
  nlohmann::json whole = nlohmann::json::parse(out, nullptr, false);
  if (!whole.is_discarded()) return whole;
  while (!out.empty()) {
    const std::size_t line = out.find_last_of('\n', out.size() - 1);
    const std::size_t start = line == std::string_view::npos ? 0 : line + 1;
    nlohmann::json last = out.substr(start).starts_with('{') ? nlohmann::json::parse(out.substr(start), nullptr, false)
                                                             : nlohmann::json(nlohmann::json::value_t::discarded);
    if (!last.is_discarded()) return last;
    out = out.substr(0, line == std::string_view::npos ? 0 : line);
  }
  return whole;
}

Parsed<double> read_json(const JsonPath& path, std::string_view out) {
  const nlohmann::json document = parse_output(out);
  if (document.is_discarded()) return {std::nullopt, "the output is no JSON"};
  const nlohmann::json* place = &document;
  std::string walked;
  for (const std::string& step : path.steps) {
    const nlohmann::json* next = nullptr;
    std::size_t index = 0;
    if (place->is_object()) {
      const auto found = place->find(step);
      if (found != place->end()) next = &*found;
    } else if (place->is_array() &&
               std::from_chars(step.data(), step.data() + step.size(), index).ptr == step.data() + step.size() &&
               index < place->size()) {
      next = &(*place)[index];
    }
    if (!next)
      return {std::nullopt, fmt::format("the output has no {} in {}", backticked(step),
                                        walked.empty() ? "its JSON document" : backticked(walked))};
    place = next;
    walked += (walked.empty() ? "" : ".") + step;
  }
  if (place->is_number()) return {place->get<double>(), {}};
  if (place->is_string()) return parse_number(place->get_ref<const std::string&>());
  return {std::nullopt, fmt::format("{} in the output is {}, no number", backticked(walked), place->type_name())};
}

Parsed<double> read_regex(const std::string& regex, std::string_view out) {
  const RE2 compiled{"(?m)" + regex, RE2::Quiet};
  re2::StringPiece rest{out.data(), out.size()};
  std::optional<std::string> last;
  for (std::string group; RE2::FindAndConsume(&rest, compiled, &group);) {
    last = group;
    if (rest.empty()) break;
    // An empty match does not consume; look from the next character on, so that this ends.
    if (group.empty()) rest.remove_prefix(1);
  }
  if (!last) return {std::nullopt, fmt::format("no line of the output matches {}", backticked(regex))};
  return parse_number(*last);
}

}  // namespace

Parsed<double> read_metric(const MetricSpec& metric, std::string_view out) {
  if (const auto* path = std::get_if<JsonPath>(&metric.source)) return read_json(*path, out);
  return read_regex(std::get<MetricRegex>(metric.source).regex, out);
}

}  // namespace dummynet::scenario

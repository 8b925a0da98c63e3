#include <fmt/format.h>

#include "dummynet/scenario/impairment_parser.hpp"
#include "dummynet/scenario/link_file.hpp"
#include "dummynet/scenario/units.hpp"
#include "dummynet/wire/delivery_trace_text.hpp"

namespace dummynet::scenario {
namespace {

using Steps = std::vector<wire::RateSchedule::Step>;

/// `24b`, `-14b`.
std::int32_t parse_overhead(Reader& reader, const Element& element) {
  constexpr std::uint64_t kMost = 10'000;
  std::string_view text = element.text;
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  const Parsed<Bytes> bytes = element.is_text() ? parse_size(text) : Parsed<Bytes>{};
  if (!bytes.value || bytes.value->value > kMost) {
    reader.complain(element.position,
                    fmt::format("`overhead` must be bytes for each packet, from `-{0}b` to `{0}b`, e.g. `24b`", kMost));
    return 0;
  }
  const auto value = static_cast<std::int32_t>(bytes.value->value);
  return is_negative ? -value : value;
}

/// Of a step: unlike elsewhere it may be 0.
std::optional<std::uint64_t> parse_step_rate(Reader& reader, const Element& element) {
  if (!reader.is(element, Element::Kind::text, "`rate`")) return std::nullopt;
  auto [rate, error] = parse_rate(element.text);
  if (!rate) reader.complain(element.position, "`rate`: " + error);
  return rate ? std::optional{rate->value} : std::nullopt;
}

std::optional<Steps> parse_steps(Reader& reader, const Element& list) {
  Steps steps;
  bool complete = true;
  for (const Element& item : list.items) {
    const bool is_map = reader.map(item, kStepKeys);
    const Element* at = is_map ? find(item, "at") : nullptr;
    const Element* rate = is_map ? find(item, "rate") : nullptr;
    if (is_map && (!at || !rate)) reader.complain(item.position, "a step of `schedule` needs `at` and `rate`");
    const auto when = at ? reader.duration(*at, "`at`") : std::nullopt;
    const auto value = rate ? parse_step_rate(reader, *rate) : std::nullopt;
    if (when && steps.empty() && complete && when->count() != 0) {
      reader.complain(at->position, "the first step of `schedule` must be at `0s`");
    }
    if (when && !steps.empty() && *when <= steps.back().at) {
      reader.complain(at->position, "the steps of `schedule` must be in the order of time");
    }
    if (when && value) {
      steps.push_back({*when, *value});
    } else {
      complete = false;
    }
  }
  if (list.items.empty()) reader.complain(list.position, "`schedule` holds no rate");
  return complete && !list.items.empty() ? std::optional{std::move(steps)} : std::nullopt;
}

std::optional<Steps> parse_schedule(Reader& reader, const Element& element) {
  if (element.is_list()) return parse_steps(reader, element);
  const auto text = reader.file(element, "`schedule`");
  if (!text) return std::nullopt;
  LinkFile<Steps> file = parse_rate_schedule(*text);
  reader.complain_about_file(element, file.line, file.error);
  return file.error.empty() ? std::optional{std::move(file.value)} : std::nullopt;
}

std::optional<wire::Rate> parse_repeating_schedule(Reader& reader, const Element& map, std::int32_t overhead) {
  wire::RateSchedule schedule;
  schedule.overhead_bytes = overhead;
  if (const Element* repeat = find(map, "repeat")) schedule.repeat = reader.timeout(*repeat, "`repeat`");
  auto steps = parse_schedule(reader, *find(map, "schedule"));
  if (!steps) return std::nullopt;
  schedule.steps = std::move(*steps);
  return schedule;
}

}  // namespace

std::optional<wire::Rate> parse_trace(Reader& reader, const Element& element) {
  const auto text = reader.file(element, "`trace`");
  if (!text) return std::nullopt;
  auto trace = wire::parse_delivery_trace(*text);
  if (const auto* error = std::get_if<wire::TraceTextError>(&trace)) {
    reader.complain_about_file(element, error->line, error->message);
    return std::nullopt;
  }
  return std::get<wire::DeliveryTrace>(std::move(trace));
}

/// `10mbit`, or a map with one of `rate`, `schedule` and `trace`.
std::optional<wire::Rate> parse_rate(Reader& reader, const Element& element) {
  if (!element.is_map()) {
    const auto bits = reader.rate(element, "`rate`");
    return bits ? std::optional<wire::Rate>{wire::LineRate{*bits}} : std::nullopt;
  }
  reader.map(element, kRateKeys);
  const Element* line = find(element, "rate");
  const Element* schedule = find(element, "schedule");
  const Element* trace = find(element, "trace");
  if ((line != nullptr) + (schedule != nullptr) + (trace != nullptr) != 1) {
    reader.complain(element.position, "`rate` needs one of `rate`, `schedule` and `trace`, e.g. `rate: 10mbit`");
    return std::nullopt;
  }
  std::int32_t overhead = 0;
  if (const Element* bytes = find(element, "overhead")) {
    overhead = parse_overhead(reader, *bytes);
    if (trace)
      reader.complain(bytes->position, "a `trace` counts whole packets of up to 1504 bytes, it has no `overhead`");
  }
  const Element* repeat = find(element, "repeat");
  if (line) {
    if (repeat) reader.complain(repeat->position, "only a `schedule` or a `trace` can `repeat`");
    const auto bits = reader.rate(*line, "`rate`");
    return bits ? std::optional<wire::Rate>{wire::LineRate{*bits, overhead}} : std::nullopt;
  }
  if (schedule) return parse_repeating_schedule(reader, element, overhead);
  std::optional<wire::Rate> rate = parse_trace(reader, *trace);
  const bool repeats = repeat ? reader.boolean(*repeat, "`repeat` of a trace").value_or(true) : true;
  if (rate) std::get<wire::DeliveryTrace>(*rate).repeat = repeats;
  return rate;
}

}  // namespace dummynet::scenario

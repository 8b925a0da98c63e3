#include "dummynet/scenario/link_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "dummynet/scenario/humanise.hpp"
#include "dummynet/scenario/keys.hpp"

namespace dummynet::scenario {
namespace {

using Json = nlohmann::ordered_json;

/// "loss 12, queue_full 3"; the kernel does not say why.
std::string describe_drops(const DirectionResult& direction, bool is_measured) {
  if (!is_measured) return fmt::format("{}", direction.dropped_packets);
  const wire::PipelineCounters& fate = direction.counters.fate;
  std::string text;
  for (std::size_t reason = 0; reason < fate.drops.size(); ++reason) {
    if (fate.drops.at(reason) == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", to_string(static_cast<wire::DropReason>(reason)),
                        fate.drops.at(reason));
  }
  return text.empty() ? "0" : text;
}

std::string describe_lateness(const wire::LatenessHistogram& lateness) {
  if (lateness.count() == 0) return "-";
  return fmt::format("{} {} {}", human_duration(lateness.quantile(0.5)), human_duration(lateness.quantile(0.99)),
                     human_duration(lateness.max));
}

std::vector<std::string> row(const DirectionResult& direction, bool is_measured) {
  const wire::DirectionCounters& counters = direction.counters;
  std::string queue = direction.queue_limit;
  if (queue != "-")
    queue = fmt::format("{} of {}", is_measured ? fmt::format("{}p", counters.fate.max_queue_packets) : "?", queue);
  return {fmt::format("{} → {}", direction.from, direction.to),
          direction.fate.empty() ? "-" : direction.fate,
          fmt::format("{}", counters.fate.departed_packets),
          human_bytes(counters.fate.departed_bytes),
          describe_drops(direction, is_measured),
          queue,
          counters.achieved_bits_per_second > 0 ? human_value(counters.achieved_bits_per_second, "bit/s") : "-",
          is_measured ? describe_lateness(counters.lateness) : "-"};
}

Json direction_as_json(const DirectionResult& direction, bool is_measured) {
  const wire::DirectionCounters& counters = direction.counters;
  const wire::PipelineCounters& fate = counters.fate;
  Json json{{"from", direction.from},
            {"to", direction.to},
            {"fate", direction.fate},
            {"queue_limit", direction.queue_limit == "-" ? Json{} : Json(direction.queue_limit)},
            {"departed_packets", fate.departed_packets},
            {"departed_bytes", fate.departed_bytes},
            {"dropped_packets", direction.dropped_packets}};
  if (!is_measured) return json;
  json["offered_packets"] = fate.offered_packets;
  json["offered_bytes"] = fate.offered_bytes;
  Json& drops = json["drops"] = Json::object();
  for (std::size_t reason = 0; reason < fate.drops.size(); ++reason) {
    drops[std::string{to_string(static_cast<wire::DropReason>(reason))}] = fate.drops.at(reason);
  }
  json["duplicated_packets"] = fate.copies;
  json["corrupted_packets"] = fate.corrupted;
  json["marked_packets"] = fate.marked;
  json["reordered_packets"] = fate.reordered;
  json["max_queue_packets"] = fate.max_queue_packets;
  json["max_queue_bytes"] = fate.max_queue_bytes;
  const bool has_rate = counters.achieved_bits_per_second > 0;
  json["rate_bits_per_second"] = has_rate ? Json(counters.achieved_bits_per_second) : Json{};
  const wire::LatenessHistogram& lateness = counters.lateness;
  json["lateness"] = {{"packets", lateness.count()},
                      {"p50_s", seconds(lateness.quantile(0.5))},
                      {"p99_s", seconds(lateness.quantile(0.99))},
                      {"max_s", seconds(lateness.max)},
                      {"late_packets", counters.late_packets},
                      {"very_late_packets", counters.very_late_packets}};
  json["own_losses"] = counters.own_losses;
  json["missed_packets"] = counters.missed_packets;
  json["unlogged_packets"] = counters.unlogged_packets;
  return json;
}

}  // namespace

Table tabulate_links(std::span<const LinkResult> links) {
  Table table{{{"link"},
               {"fate"},
               {"packets", true},
               {"bytes", true},
               {"dropped", true},
               {"longest queue", true},
               {"rate", true},
               {"late p50 p99 max", true}}};
  for (const LinkResult& link : links) {
    for (const DirectionResult& direction : link.directions) {
      table.add(row(direction, link.emulation == Emulation::engine));
    }
  }
  return table;
}

Json link_as_json(const LinkResult& link) {
  Json json{{"name", link.name}, {"emulation", to_string(link.emulation)}};
  for (std::size_t direction = 0; direction < link.directions.size(); ++direction) {
    json[std::string{keys::kDirections.at(direction)}] =
        direction_as_json(link.directions.at(direction), link.emulation == Emulation::engine);
  }
  return json;
}

}  // namespace dummynet::scenario

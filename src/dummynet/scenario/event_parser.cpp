#include "dummynet/scenario/event_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dummynet/scenario/impairment_parser.hpp"

namespace dummynet::scenario {
namespace {

/// What an event is about, told by the first of these keys that it has; the others that go with it.
struct Kind {
  std::string_view key;
  std::array<std::string_view, 4> also{};
};
constexpr Kind kKinds[] = {{"link", {"direction", "set", "state", "in_flight"}},
                           {"process", {"signal"}},
                           {"partition", {"in_flight"}},
                           {"heal", {}}};

const Kind* find_kind(const Element& map) {
  for (const Kind& kind : kKinds) {
    if (find(map, kind.key)) return &kind;
  }
  return nullptr;
}

/// Keys of events that mean nothing in this one.
void check_keys(Reader& reader, const Element& map, const Kind& kind) {
  for (const Member& member : map.members) {
    if (member.key == "at" || member.key == kind.key || std::ranges::find(kind.also, member.key) != kind.also.end()) {
      continue;
    }
    if (std::ranges::find(keys::kEvent, member.key) == keys::kEvent.end()) continue;  // told already
    reader.complain(member.key_position,
                    fmt::format("{} does not go with {} in one event", backticked(member.key), backticked(kind.key)));
  }
}

bool parse_in_flight(Reader& reader, const Element& map) {
  const Element* in_flight = find(map, "in_flight");
  return !in_flight || reader.word(*in_flight, "in_flight", keys::kInFlight).value_or(0) == 0;
}

std::optional<LinkEventSpec> parse_link_event(Reader& reader, const Element& map) {
  LinkEventSpec event;
  const Element& link = *find(map, "link");
  event.position = link.position;
  bool complete = link.is_list() && link.items.size() == 2;
  if (!complete) reader.complain(link.position, "`link` must be its two endpoints, e.g. `[client, \"server:eth0\"]`");
  for (std::size_t i = 0; complete && i < 2; ++i) {
    auto name = reader.text(link.items[i], "an endpoint");
    if (name) event.endpoints.at(i) = {std::move(*name), link.items[i].position};
    complete = name.has_value();
  }
  if (const Element* direction = find(map, "direction")) {
    const std::size_t which = reader.word(*direction, "direction", keys::kDirections).value_or(2);
    event.directions = {which != 1, which != 0};
  }
  if (const Element* state = find(map, "state")) {
    if (const auto word = reader.word(*state, "state", keys::kStates)) event.up = *word == 0;
  }
  event.drop_in_flight = parse_in_flight(reader, map);
  const Member* in_flight = find_member(map, "in_flight");
  if (in_flight && event.up != false) reader.complain(in_flight->key_position, "`in_flight` goes with `state: down`");
  const Element* set = find(map, "set");
  if (set && reader.map(*set, kImpairmentKeys)) event.set = parse_impairment(reader, *set);
  if (set && set->is_map() && set->members.empty()) reader.complain(set->position, "`set` sets nothing");
  if (!set && !find(map, "state")) {
    reader.complain(map.position, "this event does nothing to its link; give it `set` or `state`");
  }
  return complete ? std::optional{std::move(event)} : std::nullopt;
}

std::optional<PartitionSpec> parse_partition(Reader& reader, const Element& map) {
  const Element& element = *find(map, "partition");
  PartitionSpec partition;
  partition.position = element.position;
  partition.drop_in_flight = parse_in_flight(reader, map);
  if (!element.is_list() || element.items.size() < 2) {
    reader.complain(element.position, "`partition` must be two or more lists of nodes, e.g. `[[a, b], [c]]`");
    return std::nullopt;
  }
  for (const Element& item : element.items) {
    auto& nodes = partition.sets.emplace_back();
    for (const Element& node : reader.one_or_more(item, "a set of `partition`")) {
      if (auto name = reader.text(node, "a node")) nodes.push_back({std::move(*name), node.position});
    }
  }
  return partition;
}

std::optional<SignalSpec> parse_signal(Reader& reader, const Element& map) {
  const Element* process = find(map, "process");
  const Element* signal = find(map, "signal");
  if (!signal) {
    reader.complain(map.position, "this event does nothing to its process; give it a `signal`, e.g. `SIGSTOP`");
    return std::nullopt;
  }
  auto name = reader.text(*process, "`process`");
  const auto number = reader.signal(*signal);
  if (!name || !number) return std::nullopt;
  return SignalSpec{{std::move(*name), process->position}, *number};
}

std::optional<EventSpec> parse_event(Reader& reader, const Element& map) {
  if (!reader.map(map, kEventKeys)) return std::nullopt;
  EventSpec event;
  event.at.position = map.position;
  const Element* at = find(map, "at");
  if (!at) reader.complain(map.position, "an event without `at`, its time; write e.g. `at: 2s`");
  if (at) event.at = {reader.duration(*at, "`at`").value_or(std::chrono::nanoseconds{0}), at->position};
  const Kind* kind = find_kind(map);
  if (!kind) {
    reader.complain(map.position, "an event needs one of `link`, `process`, `partition` and `heal`");
    return std::nullopt;
  }
  check_keys(reader, map, *kind);
  const auto with = [&](auto what) -> std::optional<EventSpec> {
    if (!what) return std::nullopt;
    event.what = std::move(*what);
    return event;
  };
  if (kind->key == "link") return with(parse_link_event(reader, map));
  if (kind->key == "process") return with(parse_signal(reader, map));
  if (kind->key == "partition") return with(parse_partition(reader, map));
  const Element& heal = *find(map, "heal");
  if (reader.boolean(heal, "`heal`") == false) {
    reader.complain(heal.position, "`heal` can only be `true`; leave the event out instead");
  }
  return with(std::optional{HealSpec{heal.position}});
}

}  // namespace

std::vector<EventSpec> parse_events(Reader& reader, const Element& element) {
  std::vector<EventSpec> events;
  if (element.is_null() || !reader.is(element, Element::Kind::list, "`events`")) return events;
  for (const Element& item : element.items) {
    if (auto event = parse_event(reader, item)) events.push_back(std::move(*event));
  }
  return events;
}

}  // namespace dummynet::scenario

#include "dummynet/scenario/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "dummynet/scenario/process_parser.hpp"
#include "dummynet/scenario/reader.hpp"

namespace dummynet::scenario {
namespace {

NodeSpec parse_node(Reader& reader, const Member& member) {
  NodeSpec node{member.key, member.key_position, {}};
  if (member.value.is_null() || !reader.map(member.value, kNodeKeys)) return node;
  if (const Element* kind = find(member.value, "kind"); kind && reader.is(*kind, Element::Kind::text, "`kind`")) {
    if (std::ranges::find(keys::kKindsPlanned, kind->text) != keys::kKindsPlanned.end()) {
      reader.complain(kind->position, fmt::format("the kind {} is not supported yet", backticked(kind->text)));
    } else if (kind->text != "host") {
      reader.complain_about_word(kind->position,
                                 fmt::format("unknown kind {}; there is `host`", backticked(kind->text)), kind->text,
                                 keys::kKindsPlanned);
    }
  }
  if (const Element* environment = find(member.value, "environment")) {
    node.environment = reader.environment(*environment);
  }
  return node;
}

std::optional<EndpointSpec> parse_endpoint(Reader& reader, const Element& element) {
  const std::optional<std::string> text = reader.text(element, "an endpoint");
  if (!text) return std::nullopt;
  const std::size_t colon = text->find(':');
  EndpointSpec endpoint{text->substr(0, colon), "", element.position};
  if (colon != std::string::npos) endpoint.interface = text->substr(colon + 1);
  if (endpoint.node.empty() || (colon != std::string::npos && endpoint.interface.empty())) {
    reader.complain(element.position,
                    fmt::format("{} is no endpoint; write `node` or `node:interface`", backticked(*text)));
    return std::nullopt;
  }
  return endpoint;
}

std::optional<LinkSpec> parse_link(Reader& reader, const Element& element) {
  if (!reader.map(element, kLinkKeys)) return std::nullopt;
  const Element* endpoints = find(element, "endpoints");
  if (!endpoints) {
    reader.complain(element.position, "a link without `endpoints`; add e.g. `endpoints: [client, server]`");
    return std::nullopt;
  }
  if (!reader.is(*endpoints, Element::Kind::list, "`endpoints`")) return std::nullopt;
  if (endpoints->items.size() != 2) {
    reader.complain(endpoints->position, fmt::format("a link has two endpoints, not {}", endpoints->items.size()));
    return std::nullopt;
  }
  std::optional<EndpointSpec> first = parse_endpoint(reader, endpoints->items[0]);
  std::optional<EndpointSpec> second = parse_endpoint(reader, endpoints->items[1]);
  if (!first || !second) return std::nullopt;
  return LinkSpec{{std::move(*first), std::move(*second)}, element.position};
}

void parse_head(Reader& reader, const Element& root, Scenario& scenario) {
  if (const Element* name = find(root, "name")) {
    scenario.name = reader.text(*name, "`name`").value_or("");
    if (name->is_text() && name->text.empty()) reader.complain(name->position, "`name` is empty");
  }
  if (const Element* seed = find(root, "seed")) {
    scenario.seed = reader.integer(*seed, "`seed`", 0, std::numeric_limits<std::uint64_t>::max()).value_or(1);
  }
  if (const Element* timeout = find(root, "timeout")) scenario.timeout = reader.timeout(*timeout, "`timeout`");
}

/// A map that has to be there and to hold something.
const Element* required_map(Reader& reader, const Element& root, std::string_view key, std::string_view example) {
  const Element* element = find(root, key);
  if (!element || element->is_null() || (element->is_map() && element->members.empty())) {
    reader.complain(element ? element->position : root.position,
                    fmt::format("a scenario needs `{}`; write e.g. `{}`", key, example));
    return nullptr;
  }
  return reader.is(*element, Element::Kind::map, fmt::format("`{}`", key)) ? element : nullptr;
}

}  // namespace

std::string_view to_string(Condition condition) { return keys::kConditions.at(static_cast<std::size_t>(condition)); }

ParsedScenario parse_scenario(const Element& root) {
  ParsedScenario result;
  Reader reader{result.complaints};
  Scenario& scenario = result.scenario;
  if (reader.map(root, kScenarioKeys)) {
    parse_head(reader, root, scenario);
    if (const Element* nodes = required_map(reader, root, "nodes", "nodes: {client: , server: }")) {
      for (const Member& member : nodes->members) scenario.nodes.push_back(parse_node(reader, member));
    }
    const Element* links = find(root, "links");
    if (links && !links->is_null() && reader.is(*links, Element::Kind::list, "`links`")) {
      for (const Element& item : links->items) {
        if (std::optional<LinkSpec> link = parse_link(reader, item)) scenario.links.push_back(std::move(*link));
      }
    }
    if (const Element* processes =
            required_map(reader, root, "processes", "processes: {client: {node: client, command: ping -c 1 server}}")) {
      for (const Member& member : processes->members) scenario.processes.push_back(parse_process(reader, member));
    }
  }
  sort_by_position(result.complaints);
  return result;
}

}  // namespace dummynet::scenario

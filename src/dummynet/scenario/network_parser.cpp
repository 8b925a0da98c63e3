#include "dummynet/scenario/network_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

#include "dummynet/net/presets.hpp"
#include "dummynet/scenario/impairment_parser.hpp"

namespace dummynet::scenario {
namespace {

using net::IpFamily;

constexpr std::size_t kMostNodes = std::numeric_limits<std::uint32_t>::max();  // the presets know their own bounds

void parse_addressing(Reader& reader, const Element& element, Scenario& scenario) {
  const auto word = reader.word(element, "addressing", keys::kAddressing);
  if (!word) return;
  if (keys::kAddressing.at(*word) == "ipv4") scenario.families = {IpFamily::v4};
  if (keys::kAddressing.at(*word) == "ipv6") scenario.families = {IpFamily::v6};
  if (keys::kAddressing.at(*word) == "dual") scenario.families = {IpFamily::v4, IpFamily::v6};
}

std::optional<std::size_t> parse_count(Reader& reader, const Element& element, std::string_view what) {
  const auto count = reader.integer(element, fmt::format("`{}`", what), 1, kMostNodes);
  return count ? std::optional{static_cast<std::size_t>(*count)} : std::nullopt;
}

struct Pair {
  std::size_t first;
  std::size_t second;
};

/// A map of exactly these two counts.
std::optional<Pair> parse_counts(Reader& reader, const Element& element, const Keys& keys) {
  if (!reader.map(element, keys)) return std::nullopt;
  std::optional<std::size_t> counts[2];
  for (std::size_t i = 0; i < 2; ++i) {
    if (const Element* one = find(element, keys.known[i])) {
      counts[i] = parse_count(reader, *one, keys.known[i]);
    } else {
      reader.complain(element.position, fmt::format("{} needs `{}`", keys.where, keys.known[i]));
    }
  }
  return counts[0] && counts[1] ? std::optional{Pair{*counts[0], *counts[1]}} : std::nullopt;
}

std::optional<net::Topology> make_preset(Reader& reader, const Member& preset, net::StarOptions options) {
  const auto& [kind, position, value] = preset;
  try {
    if (kind == "tree") {
      const auto counts = parse_counts(reader, value, kTreeKeys);
      return counts ? std::optional{net::tree(counts->first, counts->second)} : std::nullopt;
    }
    if (kind == "dumbbell") {
      const auto counts = parse_counts(reader, value, kDumbbellKeys);
      return counts ? std::optional{net::dumbbell(counts->first, counts->second)} : std::nullopt;
    }
    const auto count = parse_count(reader, value, kind);
    if (!count) return std::nullopt;
    if (kind == "line") return net::line(*count);
    if (kind == "ring") return net::ring(*count);
    if (kind == "mesh") return net::mesh(*count);
    return net::star(*count, options);
  } catch (const std::invalid_argument& error) {
    reader.complain(value.position, error.what());
    return std::nullopt;
  }
}

}  // namespace

std::optional<net::Topology> parse_topology(Reader& reader, const Element& element) {
  if (!reader.map(element, kTopologyKeys)) return std::nullopt;
  const Member* preset = nullptr;
  const Member* hub = nullptr;
  for (const Member& member : element.members) {
    if (std::ranges::find(keys::kTopology, member.key) == keys::kTopology.end()) continue;
    if (member.key == "links") continue;
    if (member.key == "hub") {
      hub = &member;
    } else if (preset) {
      reader.complain(member.key_position, fmt::format("`topology` is one of {} and {}, not both",
                                                       backticked(preset->key), backticked(member.key)));
    } else {
      preset = &member;
    }
  }
  net::StarOptions options;
  if (hub) {
    constexpr auto kHubs = std::to_array<std::string_view>({"switch", "router"});
    const auto kind = reader.word(hub->value, "hub", kHubs);
    if (kind == 1U) options.hub = net::NodeKind::router;
    if (preset && preset->key != "star") reader.complain(hub->key_position, "only a `star` has a `hub`");
  }
  if (!preset) {
    reader.complain(element.position, "`topology` names none; write e.g. `topology: {star: 10}`");
    return std::nullopt;
  }
  return make_preset(reader, *preset, options);
}

namespace {

/// What the links of a preset do to packets.
void parse_topology_fate(Reader& reader, const Element& element, Scenario& scenario) {
  if (!element.is_map()) return;
  const auto fate = [&](const Element* map) {
    return map && reader.map(*map, kFateKeys) ? parse_fate(reader, *map) : FateSpec{};
  };
  scenario.topology_fate = fate(find(element, "links"));
  const Element* dumbbell = find(element, "dumbbell");
  if (dumbbell && dumbbell->is_map()) scenario.bottleneck = fate(find(*dumbbell, "bottleneck"));
}

}  // namespace

void parse_network(Reader& reader, const Element& root, Scenario& scenario) {
  const std::size_t before = reader.complaints_so_far();
  if (const Element* addressing = find(root, "addressing")) parse_addressing(reader, *addressing, scenario);
  const Element* preset = find(root, "topology");
  if (preset) {
    if (auto topology = parse_topology(reader, *preset)) scenario.topology = {std::move(*topology), preset->position};
    scenario.are_all_nodes_known = scenario.topology.has_value();
  }
  if (const Element* emulation = find(root, "emulation")) {
    scenario.emulation = parse_emulation(reader, *emulation).value_or(Emulation::engine);
  }
  const Element* nodes = find(root, "nodes");
  const bool needs_nodes = !preset || (nodes && !nodes->is_null());
  if (needs_nodes) nodes = reader.required_map(root, "nodes", "nodes: {client: , server: }");
  if (needs_nodes && !nodes) scenario.are_all_nodes_known = false;
  if (needs_nodes && nodes) {
    for (const Member& member : nodes->members) scenario.nodes.push_back(parse_node(reader, member));
  }
  const Element* links = find(root, "links");
  std::vector<const Element*> elements;  // by link
  if (links && !links->is_null() && reader.is(*links, Element::Kind::list, "`links`")) {
    for (const Element& item : links->items) {
      if (std::optional<LinkSpec> link = parse_link(reader, item)) {
        scenario.links.push_back(std::move(*link));
        elements.push_back(&item);
      }
    }
  }
  scenario.is_network_whole = reader.complaints_so_far() == before;
  // What is wrong with packets' fate leaves the network itself as it is.
  if (preset) parse_topology_fate(reader, *preset, scenario);
  for (std::size_t i = 0; i < elements.size(); ++i) scenario.links[i].fate = parse_fate(reader, *elements[i]);
}

}  // namespace dummynet::scenario

#include "dummynet/scenario/network_planner.hpp"

#include <string_view>
#include <unordered_map>
#include <utility>

#include "dummynet/net/union_find.hpp"

namespace dummynet::scenario {
namespace {

/// What a file says about a node of its preset.
void refine(net::NodeSpec& node, const NodeSpec& given) {
  const net::NodeKind kind = given.has_kind ? given.network.kind : node.kind;
  node = given.network;
  node.kind = kind;
}

class Assembly {
 public:
  Assembly(const Scenario& scenario, ScenarioNetwork& network) : scenario_{scenario}, network_{network} {}

  void put_together() {
    if (scenario_.topology) network_.topology = scenario_.topology->value;
    network_.topology.families = scenario_.families;
    network_.preset_links = network_.topology.links.size();
    network_.given_as.resize(network_.topology.nodes.size());
    // Only the preset's own: two nodes of one name in the file are a mistake.
    std::unordered_map<std::string_view, std::size_t> preset;
    if (scenario_.topology) {
      for (const net::NodeSpec& node : scenario_.topology->value.nodes) preset.emplace(node.name, preset.size());
    }
    for (std::size_t i = 0; i < scenario_.nodes.size(); ++i) {
      const NodeSpec& given = scenario_.nodes[i];
      if (const auto known = preset.find(given.name); known != preset.end()) {
        refine(network_.topology.nodes[known->second], given);
        network_.given_as[known->second] = i;
      } else {
        network_.topology.nodes.push_back(given.network);
        network_.given_as.emplace_back(i);
      }
    }
    for (const LinkSpec& link : scenario_.links) network_.topology.links.push_back(link.network);
  }

  Position position_of(const net::TopologyComplaint& complaint) const {
    using Place = net::TopologyComplaint::Place;
    const Position preset = scenario_.topology ? scenario_.topology->position : Position{};
    if (complaint.place == Place::network) return preset;
    if (complaint.place == Place::node) {
      const auto given = network_.given_as[complaint.index];
      return given ? scenario_.nodes[*given].position : preset;
    }
    if (complaint.place == Place::link || complaint.index < network_.preset_links) {
      return position_of_link(scenario_, network_, complaint.index);
    }
    const LinkSpec& link = scenario_.links[complaint.index - network_.preset_links];
    return link.endpoints.at(complaint.place == Place::first_endpoint ? 0 : 1);
  }

  void find_islands() {
    net::UnionFind joined{network_.topology.nodes.size()};
    std::unordered_map<std::string_view, std::size_t> by_name;
    for (const net::NodeSpec& node : network_.topology.nodes) by_name.emplace(node.name, by_name.size());
    for (const net::LinkSpec& link : network_.topology.links) {
      const auto first = by_name.find(link.first.node);
      const auto second = by_name.find(link.second.node);
      if (first != by_name.end() && second != by_name.end()) joined.join(first->second, second->second);
    }
    for (std::size_t node = 0; node < network_.topology.nodes.size(); ++node) {
      network_.islands.push_back(joined.root(node));
    }
  }

 private:
  const Scenario& scenario_;
  ScenarioNetwork& network_;
};

}  // namespace

Position position_of_link(const Scenario& scenario, const ScenarioNetwork& network, std::size_t link) {
  if (link >= network.preset_links) return scenario.links[link - network.preset_links].position;
  return scenario.topology ? scenario.topology->position : Position{};
}

ScenarioNetwork plan_network(const Scenario& scenario) {
  ScenarioNetwork network;
  Assembly assembly{scenario, network};
  assembly.put_together();
  assembly.find_islands();
  net::PlannedNetwork planned = net::plan_network(network.topology, scenario.is_network_whole);
  network.plan = std::move(planned.plan);
  if (!scenario.are_all_nodes_known) return network;  // who is unknown, and what lacks a router, may be told next time
  for (net::TopologyComplaint& complaint : planned.complaints) {
    Complaints& where = complaint.is_warning ? network.warnings : network.complaints;
    where.push_back({assembly.position_of(complaint), std::move(complaint.message)});
  }
  return network;
}

}  // namespace dummynet::scenario

#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "dummynet/net/network_plan.hpp"
#include "dummynet/scenario/complaint.hpp"
#include "dummynet/scenario/scenario.hpp"

namespace dummynet::scenario {

/// The network of a scenario.
struct ScenarioNetwork {
  net::Topology topology{};
  std::size_t preset_links = 0;  ///< so many of its links come from `topology`, the others are Scenario::links
  net::NetworkPlan plan{};
  Complaints complaints{};
  Complaints warnings{};
  std::vector<std::optional<std::size_t>> given_as{};  ///< by node of the topology: which one of Scenario::nodes
  std::vector<std::size_t> islands{};                  ///< by node: the same number for all that links join

  bool are_joined(std::size_t one, std::size_t other) const { return islands[one] == islands[other]; }
};

/// Where a link of the topology stands in the file.
Position position_of_link(const Scenario& scenario, const ScenarioNetwork& network, std::size_t link);

/// Puts the preset and what the file gives by itself together, and plans it. Pure.
ScenarioNetwork plan_network(const Scenario& scenario);

}  // namespace dummynet::scenario

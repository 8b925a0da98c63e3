#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/net/network_plan.hpp"

namespace dummynet::scenario {

/// What there is to draw of a network: nodes are those of the plan, edges its links.
struct GraphEdge {
  std::array<std::size_t, 2> nodes{};
  std::array<std::string, 2> ends{};  ///< "eth0 10.0.0.1/30"; a port of a switch has only its name
  net::LinkKind kind = net::LinkKind::veth;
  std::string label{};  ///< "vlan 10"; of a plain cable nothing
};
std::vector<GraphEdge> find_edges(const net::Topology& topology, const net::NetworkPlan& plan);

/// "switch", "router", …
std::string_view kind_of(const net::PlannedNode& node);

/// The network as a text for Graphviz: dot(1).
std::string as_dot(const net::Topology& topology, const net::NetworkPlan& plan);
/// For Mermaid, which Markdown viewers draw.
std::string as_mermaid(const net::Topology& topology, const net::NetworkPlan& plan);
/// As a picture, which needs no program to draw it.
std::string as_svg(const net::Topology& topology, const net::NetworkPlan& plan);

}  // namespace dummynet::scenario

#pragma once

#include <array>
#include <cstddef>
#include <span>
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
  std::string fate{};   ///< what it does to packets: "20ms 10mbit 1%"
};
/// `fates`: by link, or none.
std::vector<GraphEdge> find_edges(const net::Topology& topology, const net::NetworkPlan& plan,
                                  std::span<const std::string> fates = {});

/// "switch", "router", …
std::string_view kind_of(const net::PlannedNode& node);

/// The network as a text for Graphviz: dot(1).
std::string as_dot(const net::Topology& topology, const net::NetworkPlan& plan,
                   std::span<const std::string> fates = {});
/// For Mermaid, which Markdown viewers draw.
std::string as_mermaid(const net::Topology& topology, const net::NetworkPlan& plan,
                       std::span<const std::string> fates = {});
/// As a picture, which needs no program to draw it.
std::string as_svg(const net::Topology& topology, const net::NetworkPlan& plan,
                   std::span<const std::string> fates = {});

}  // namespace dummynet::scenario

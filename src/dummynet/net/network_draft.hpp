#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dummynet/net/network_plan.hpp"

namespace dummynet::net {

/// Which node and interface an end of a link came to be; nothing for what is unknown or wrong.
struct PlacedEnd {
  std::optional<std::size_t> node{};
  std::optional<std::size_t> interface {};  ///< a macvlan's first end: its parent
};

/// A plan in the making. Each step of planning takes it one further, and looks only at what the steps before it
/// understood, so that a mistake is told once.
struct NetworkDraft {
  NetworkDraft(const Topology& wanted, bool whole) : topology{wanted}, is_whole{whole} {}

  using Place = TopologyComplaint::Place;
  void complain(Place place, std::size_t index, std::string message) {
    complaints.push_back({place, index, std::move(message), false});
  }
  void complain_about_end(std::size_t link, std::size_t end, std::string message) {
    complain(end == 0 ? Place::first_endpoint : Place::second_endpoint, link, std::move(message));
  }
  void warn(Place place, std::size_t index, std::string message) {
    complaints.push_back({place, index, std::move(message), true});
  }
  const EndpointSpec& endpoint(std::size_t link, std::size_t end) const {
    return end == 0 ? topology.links[link].first : topology.links[link].second;
  }
  const PlannedNode& node_of(const PlannedInterface& interface) const { return plan.nodes[interface.node]; }
  /// "`server:eth0`"
  std::string shown(std::size_t interface) const;
  /// By its exact name.
  std::optional<std::size_t> find_node(std::string_view name) const;
  bool forwards(std::size_t node) const {
    return plan.nodes[node].kind == NodeKind::router || plan.nodes[node].kind == NodeKind::nat_router;
  }
  /// Whether it can have addresses: no port of a bridge does.
  bool is_addressable(std::size_t interface) const { return !plan.interfaces[interface].bridge; }

  const Topology& topology;
  const bool is_whole;
  NetworkPlan plan{};
  std::vector<TopologyComplaint> complaints{};
  std::unordered_map<std::string, std::size_t> node_by_name{};  ///< in lower case
  std::vector<std::array<PlacedEnd, 2>> ends{};                 ///< by link
  std::vector<std::optional<std::size_t>> bridge_of{};          ///< by node: the interface of a bridge itself
  std::vector<std::vector<std::size_t>> interfaces_of{};        ///< by node
  std::vector<bool> is_incomplete{};      ///< by node: some of its interfaces could not be made, so it may lack more
  std::vector<std::size_t> segment_of{};  ///< by interface: those of one segment hear each other
  std::vector<std::optional<std::size_t>> outside_of{};  ///< by node: a NAT router's outside interface
};

// The steps, in this order. Each is pure but for the draft.

/// Nodes by name; what is wrong with names, numbers and sysctls taken one by one: topology_check.cpp.
void check_topology(NetworkDraft& draft);
/// Names of interfaces and what stands on what: interface_plan.cpp.
void place_interfaces(NetworkDraft& draft);
/// Who hears whose frames: segment.cpp.
void find_segments(NetworkDraft& draft);
/// Given addresses, then chosen ones: address_choice.cpp.
void give_addresses(NetworkDraft& draft);
/// The ends of tunnels, and their MTU: tunnel.cpp.
void place_tunnels(NetworkDraft& draft);
/// What NAT routers hide and hand in: nat_plan.cpp.
void plan_nat(NetworkDraft& draft);
/// Whether default routes that are given lead somewhere: default_route.cpp.
void check_default_routes(NetworkDraft& draft);
/// Who reaches what through whom: routing.cpp.
void compute_routes(NetworkDraft& draft);
/// Warns of nodes that no link leads to: reachability.cpp.
void check_reachability(NetworkDraft& draft);

}  // namespace dummynet::net

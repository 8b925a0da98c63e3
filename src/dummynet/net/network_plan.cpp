#include "dummynet/net/network_plan.hpp"

#include <algorithm>

#include "dummynet/net/name.hpp"
#include "dummynet/net/network_draft.hpp"

namespace dummynet::net {

std::string NetworkDraft::shown(std::size_t interface) const {
  const PlannedInterface& one = plan.interfaces[interface];
  return backticked(node_of(one).name + ':' + one.name);
}

std::optional<std::size_t> NetworkDraft::find_node(std::string_view name) const {
  const auto found = node_by_name.find(to_lower(name));
  // One that differs in case only is no other host, but it is not what was written either.
  if (found == node_by_name.end() || topology.nodes[found->second].name != name) return std::nullopt;
  return found->second;
}

PlannedNetwork plan_network(const Topology& topology, bool is_whole) {
  NetworkDraft draft{topology, is_whole};
  check_topology(draft);
  place_interfaces(draft);
  find_segments(draft);
  give_addresses(draft);
  place_tunnels(draft);
  plan_nat(draft);
  check_default_routes(draft);
  // Routes over addresses that are wrong would only bring complaints that go away with the first ones.
  const bool is_sound = std::ranges::all_of(draft.complaints, &TopologyComplaint::is_warning);
  if (is_sound && is_whole) {
    compute_routes(draft);
    check_reachability(draft);
  }
  return {std::move(draft.plan), std::move(draft.complaints)};
}

}  // namespace dummynet::net

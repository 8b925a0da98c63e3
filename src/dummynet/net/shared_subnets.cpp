#include "dummynet/net/shared_subnets.hpp"

#include <map>
#include <set>

namespace dummynet::net {

SharedSubnets::SharedSubnets(const NetworkDraft& draft, IpFamily family)
    : draft_{draft}, of_node_(draft.plan.nodes.size()) {
  const NetworkPlan& plan = draft.plan;
  std::set<std::size_t> tunnelled;  // segments
  for (std::size_t i = 0; i < plan.interfaces.size(); ++i) {
    if (plan.interfaces[i].kind == InterfaceKind::vxlan) tunnelled.insert(draft.segment_of[i]);
  }
  const auto add = [this](std::size_t subnet, const Member& member) {
    of_node_[member.node].push_back({subnet, subnets_[subnet].members.size()});
    subnets_[subnet].members.push_back(member);
  };
  std::map<std::pair<std::size_t, Subnet>, std::size_t> known;  // segment, subnet
  for (std::size_t i = 0; i < plan.interfaces.size(); ++i) {
    const PlannedInterface& interface = plan.interfaces[i];
    for (const InterfaceAddress& given : interface.addresses) {
      if (given.address.family() != family) continue;
      const std::size_t segment = draft.segment_of[i];
      const auto [at, is_new] = known.emplace(std::pair{segment, given.subnet()}, subnets_.size());
      if (is_new) subnets_.push_back({given.subnet(), {}, {}, tunnelled.contains(segment), false});
      Shared& shared = subnets_[at->second];
      shared.has_macvlan |= interface.kind == InterfaceKind::macvlan;
      const auto& outside = draft.outside_of;
      const bool is_outside = interface.node < outside.size() && outside[interface.node] == i;
      if (draft.forwards(interface.node) && !is_outside) shared.routers.push_back(shared.members.size());
      add(at->second, {interface.node, i, given.address});
    }
  }
  for (std::size_t node = 0; node < plan.nodes.size(); ++node) {
    for (const InterfaceAddress& given : plan.nodes[node].loopback_addresses) {
      if (given.address.family() != family) continue;
      subnets_.push_back({given.subnet(), {}, {}, false, false});
      add(subnets_.size() - 1, {node, std::nullopt, given.address});
    }
  }
}

bool SharedSubnets::hear_each_other(const Member& one, const Member& other) const {
  if (!one.interface || !other.interface) return false;
  const PlannedInterface& here = draft_.plan.interfaces[*one.interface];
  const PlannedInterface& there = draft_.plan.interfaces[*other.interface];
  return !(here.kind == InterfaceKind::macvlan && here.parent == other.interface) &&
         !(there.kind == InterfaceKind::macvlan && there.parent == one.interface);
}

}  // namespace dummynet::net

#include "dummynet/net/default_route.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dummynet/net/name.hpp"

namespace dummynet::net {
namespace {

using Where = TopologyComplaint::Place;

/// The first router that this member of a subnet can send to.
const SharedSubnets::Member* find_router(const SharedSubnets& subnets, const SharedSubnets::Membership& from) {
  const SharedSubnets::Shared& shared = subnets[from.subnet];
  const SharedSubnets::Member& self = shared.members[from.member];
  for (const std::size_t router : shared.routers) {
    const SharedSubnets::Member& other = shared.members[router];
    if (other.node != self.node && subnets.hear_each_other(self, other)) return &other;
  }
  return nullptr;
}

std::optional<NextHop> find_given(const NetworkDraft& draft, const SharedSubnets& subnets, std::size_t node,
                                  IpFamily family) {
  for (const IpAddress& via : draft.topology.nodes[node].default_routes) {
    if (via.family() != family) continue;
    for (const auto& membership : subnets.of_node(node)) {
      const SharedSubnets::Member& self = subnets.member(membership);
      if (self.interface && subnets[membership.subnet].subnet.contains(via)) return NextHop{via, *self.interface};
    }
  }
  return std::nullopt;
}

std::optional<NextHop> find_nearest(const NetworkDraft& draft, const SharedSubnets& subnets, std::size_t node) {
  const auto& outside = draft.outside_of[node];
  if (draft.forwards(node) && !outside) return std::nullopt;
  for (const auto& membership : subnets.of_node(node)) {
    const SharedSubnets::Member& self = subnets.member(membership);
    if (!self.interface || (outside && self.interface != outside)) continue;
    if (const auto* router = find_router(subnets, membership)) return NextHop{router->address, *self.interface};
  }
  return std::nullopt;
}

std::string list_subnets(const NetworkDraft& draft, std::size_t node, IpFamily family) {
  std::string list;
  for (const std::size_t interface : draft.interfaces_of[node]) {
    for (const InterfaceAddress& address : draft.plan.interfaces[interface].addresses) {
      if (address.address.family() != family) continue;
      list += (list.empty() ? "" : ", ") + address.subnet().text();
    }
  }
  return list.empty() ? "it has none of this family" : "it has " + list;
}

void check_next_hop(NetworkDraft& draft, const SharedSubnets& subnets, std::size_t node, const IpAddress& via) {
  const std::string what =
      fmt::format("the default route of {} leads to {}", backticked(draft.plan.nodes[node].name), via.text());
  const auto& memberships = subnets.of_node(node);
  const auto found = std::ranges::find_if(memberships, [&](const auto& membership) {
    return subnets.member(membership).interface && subnets[membership.subnet].subnet.contains(via);
  });
  if (found == memberships.end()) {
    draft.complain(
        Where::node, node,
        fmt::format("{}, which is on none of its subnets: {}", what, list_subnets(draft, node, via.family())));
    return;
  }
  const auto& members = subnets[found->subnet].members;
  const auto owner = std::ranges::find(members, via, &SharedSubnets::Member::address);
  if (owner == members.end()) {
    draft.warn(Where::node, node, what + ", which is no node's address");
  } else if (owner->node == node) {
    draft.complain(Where::node, node, what + ", which is its own address");
  } else if (!draft.forwards(owner->node)) {
    draft.warn(Where::node, node,
               fmt::format("{}, but {} is no router", what, backticked(draft.plan.nodes[owner->node].name)));
  }
}

}  // namespace

std::size_t count_routers_next_to(const SharedSubnets& subnets, std::size_t node) {
  std::optional<std::size_t> first;
  for (const auto& membership : subnets.of_node(node)) {
    const SharedSubnets::Shared& shared = subnets[membership.subnet];
    const SharedSubnets::Member& self = shared.members[membership.member];
    for (const std::size_t router : shared.routers) {
      const SharedSubnets::Member& other = shared.members[router];
      if (other.node == node || other.node == first || !subnets.hear_each_other(self, other)) continue;
      if (first) return 2;
      first = other.node;
    }
  }
  return first ? 1 : 0;
}

bool has_given_default(const NetworkDraft& draft, std::size_t node, IpFamily family) {
  return std::ranges::any_of(draft.topology.nodes[node].default_routes,
                             [family](const IpAddress& via) { return via.family() == family; });
}

std::vector<std::optional<NextHop>> choose_default_routes(const NetworkDraft& draft, const SharedSubnets& subnets,
                                                          IpFamily family) {
  std::vector<std::optional<NextHop>> defaults(draft.plan.nodes.size());
  for (std::size_t node = 0; node < defaults.size(); ++node) {
    if (has_given_default(draft, node, family)) {
      defaults[node] = find_given(draft, subnets, node, family);
    } else if (draft.topology.nodes[node].compute_routes) {
      defaults[node] = find_nearest(draft, subnets, node);
    }
  }
  return defaults;
}

void check_default_routes(NetworkDraft& draft) {
  for (const IpFamily family : {IpFamily::v4, IpFamily::v6}) {
    std::optional<SharedSubnets> subnets;  // most topologies give none
    for (std::size_t node = 0; node < draft.plan.nodes.size(); ++node) {
      if (!has_given_default(draft, node, family) || draft.is_incomplete[node]) continue;
      if (!subnets) subnets.emplace(draft, family);
      std::size_t count = 0;
      for (const IpAddress& via : draft.topology.nodes[node].default_routes) {
        if (via.family() != family) continue;
        if (++count == 2) {
          draft.complain(
              Where::node, node,
              fmt::format("{} has two default routes of one family", backticked(draft.plan.nodes[node].name)));
        }
        check_next_hop(draft, *subnets, node, via);
      }
    }
  }
}

}  // namespace dummynet::net

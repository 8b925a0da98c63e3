#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "dummynet/net/default_route.hpp"
#include "dummynet/net/network_draft.hpp"
#include "dummynet/net/shared_subnets.hpp"

namespace dummynet::net {
namespace {

Subnet everything(IpFamily family) {
  return {family == IpFamily::v4 ? IpAddress{0U} : IpAddress{std::array<std::uint8_t, 16>{}}, 0};
}

/// Routes of one family. A breadth-first search from each subnet finds the nearest way to it from everywhere: the work
/// is subnets × routers, since what only hosts are on is never walked through.
class RouteFinder {
 public:
  using Member = SharedSubnets::Member;
  using Membership = SharedSubnets::Membership;

  RouteFinder(NetworkDraft& draft, IpFamily family)
      : draft_{draft},
        family_{family},
        subnets_{draft, family},
        defaults_{choose_default_routes(draft, subnets_, family)},
        wants_routes_(draft.plan.nodes.size()),
        transit_of_(draft.plan.nodes.size()),
        participants_(subnets_.all().size()),
        seen_(draft.plan.nodes.size()),
        walked_(subnets_.all().size()) {}

  void find() {
    for (std::size_t node = 0; node < wants_routes_.size(); ++node) {
      // A host with one router next to it sends everything there.
      wants_routes_[node] = draft_.topology.nodes[node].compute_routes &&
                            (draft_.forwards(node) || count_routers_next_to(subnets_, node) > 1);
    }
    find_transit();
    search_nat();
    for (std::size_t subnet = 0; subnet < participants_.size(); ++subnet) search_from(subnet);
    for (std::size_t node = 0; node < defaults_.size(); ++node) add_default(node);
  }

 private:
  void find_transit();
  void search_from(std::size_t subnet);
  void search_nat();
  void walk(const Subnet& destination);
  void spread(std::size_t node, bool through_tunnels, const Subnet& destination);
  void reach(const Member& member, const Member& via, const Subnet& destination);
  void add_default(std::size_t node);

  bool is_outside(const Member& member) const { return draft_.outside_of[member.node] == member.interface; }

  NetworkDraft& draft_;
  IpFamily family_;
  SharedSubnets subnets_;
  std::vector<std::optional<NextHop>> defaults_;
  std::vector<bool> wants_routes_;
  std::vector<std::vector<Membership>> transit_of_;     // by node: subnets where a packet may go on
  std::vector<std::vector<std::size_t>> participants_;  // by subnet: members that forward or want routes

  // Of the search at hand.
  std::size_t round_ = 0;
  std::vector<std::size_t> seen_;    // by node: in which round
  std::vector<std::size_t> walked_;  // by subnet: the same
  std::vector<std::size_t> queue_;   // nodes that forward to the destination
};

void RouteFinder::find_transit() {
  for (std::size_t subnet = 0; subnet < participants_.size(); ++subnet) {
    const auto& members = subnets_[subnet].members;
    for (std::size_t member = 0; member < members.size(); ++member) {
      const std::size_t node = members[member].node;
      if (wants_routes_[node] || draft_.forwards(node)) participants_[subnet].push_back(member);
    }
    if (participants_[subnet].size() < 2) continue;
    for (const std::size_t member : participants_[subnet]) {
      const std::size_t node = members[member].node;
      if (draft_.forwards(node) && !is_outside(members[member])) transit_of_[node].push_back({subnet, member});
    }
  }
}

void RouteFinder::reach(const Member& member, const Member& via, const Subnet& destination) {
  seen_[member.node] = round_;
  if (!wants_routes_[member.node]) return;  // nor can it hand on what it has no route for
  const NextHop hop{via.address, *member.interface};
  if (destination.length == 0) {
    // Out of a NAT router's network there is only the way out: what it hides does not lead on.
    if (!draft_.outside_of[member.node] || is_outside(member)) {
      if (!has_given_default(draft_, member.node, family_)) defaults_[member.node] = hop;
    }
  } else if (defaults_[member.node] != hop) {
    draft_.plan.routes.push_back({member.node, destination, via.address, *member.interface});
  }
  if (draft_.forwards(member.node)) queue_.push_back(member.node);
}

void RouteFinder::spread(std::size_t node, bool through_tunnels, const Subnet& destination) {
  for (const Membership& membership : transit_of_[node]) {
    const SharedSubnets::Shared& shared = subnets_[membership.subnet];
    if (shared.is_tunnelled != through_tunnels || walked_[membership.subnet] == round_) continue;
    if (!shared.has_macvlan) walked_[membership.subnet] = round_;  // everybody there hears the first one
    const Member& via = shared.members[membership.member];
    for (const std::size_t other : participants_[membership.subnet]) {
      const Member& member = shared.members[other];
      if (seen_[member.node] != round_ && subnets_.hear_each_other(via, member)) reach(member, via, destination);
    }
  }
}

void RouteFinder::walk(const Subnet& destination) {
  // Through a tunnel only where nothing else leads: what carries a tunnel must never be sought inside it.
  std::size_t next = 0;
  std::size_t next_tunnel = 0;
  while (next < queue_.size() || next_tunnel < queue_.size()) {
    if (next < queue_.size()) {
      spread(queue_[next++], false, destination);
    } else {
      spread(queue_[next_tunnel++], true, destination);
    }
  }
}

void RouteFinder::search_from(std::size_t subnet) {
  ++round_;
  queue_.clear();
  for (const Member& member : subnets_[subnet].members) {
    if (seen_[member.node] == round_) continue;
    seen_[member.node] = round_;
    if (draft_.forwards(member.node)) queue_.push_back(member.node);
  }
  walk(subnets_[subnet].subnet);
}

/// Default routes towards the nearest NAT router, for those who have several routers to choose from.
void RouteFinder::search_nat() {
  ++round_;
  queue_.clear();
  for (const PlannedNat& nat : draft_.plan.nats) queue_.push_back(nat.node);
  walk(everything(family_));
}

void RouteFinder::add_default(std::size_t node) {
  if (!defaults_[node]) return;
  draft_.plan.routes.push_back({node, everything(family_), defaults_[node]->via, defaults_[node]->interface});
}

}  // namespace

void compute_routes(NetworkDraft& draft) {
  for (const IpFamily family : {IpFamily::v4, IpFamily::v6}) RouteFinder{draft, family}.find();
  std::ranges::stable_sort(draft.plan.routes, {}, &PlannedRoute::node);
}

}  // namespace dummynet::net

#include <fmt/format.h>

#include <map>

#include "dummynet/net/name.hpp"
#include "dummynet/net/network_draft.hpp"
#include "dummynet/net/union_find.hpp"

namespace dummynet::net {
namespace {

using Where = TopologyComplaint::Place;

class SegmentFinder {
 public:
  explicit SegmentFinder(NetworkDraft& draft)
      : draft_{draft}, joined_{draft.plan.interfaces.size()}, depth_(draft.plan.interfaces.size()) {}

  void find() {
    join_untagged();
    std::size_t deepest = 0;
    for (std::size_t i = 0; i < depth_.size(); ++i) {
      const PlannedInterface& one = draft_.plan.interfaces[i];
      // Parents come first in the plan.
      if (one.parent) depth_[i] = depth_[*one.parent] + (one.kind == InterfaceKind::vlan ? 1 : 0);
      deepest = std::max(deepest, depth_[i]);
    }
    // A vlan's segment depends on that of what it stands on, which may be a vlan as well.
    for (std::size_t depth = 1; depth <= deepest; ++depth) join_vlans(depth);
    draft_.segment_of.resize(depth_.size());
    for (std::size_t i = 0; i < depth_.size(); ++i) draft_.segment_of[i] = joined_.root(i);
    check_switches();
  }

 private:
  void join_untagged();
  void join_vlans(std::size_t depth);
  void check_switches();

  NetworkDraft& draft_;
  UnionFind joined_;
  std::vector<std::size_t> depth_;  // by interface: how many tags its frames carry
};

void SegmentFinder::join_untagged() {
  for (std::size_t i = 0; i < draft_.plan.interfaces.size(); ++i) {
    const PlannedInterface& one = draft_.plan.interfaces[i];
    if (one.bridge) joined_.join(i, *one.bridge);
    if (one.kind == InterfaceKind::macvlan && one.parent) joined_.join(i, *one.parent);
  }
  for (std::size_t link = 0; link < draft_.ends.size(); ++link) {
    const LinkKind kind = draft_.topology.links[link].kind;
    const auto& [first, second] = draft_.ends[link];
    if (kind != LinkKind::veth && kind != LinkKind::vxlan) continue;
    if (first.interface && second.interface) joined_.join(*first.interface, *second.interface);
  }
}

void SegmentFinder::join_vlans(std::size_t depth) {
  std::map<std::pair<std::size_t, std::uint32_t>, std::size_t> members;  // segment below, id → one of them
  for (std::size_t i = 0; i < depth_.size(); ++i) {
    const PlannedInterface& one = draft_.plan.interfaces[i];
    if (one.kind != InterfaceKind::vlan || depth_[i] != depth || !one.parent) continue;
    const auto [member, is_first] = members.emplace(std::pair{joined_.root(*one.parent), one.id}, i);
    if (!is_first) joined_.join(i, member->second);
  }
  for (std::size_t link = 0; link < draft_.ends.size(); ++link) {
    const auto& [first, second] = draft_.ends[link];
    if (draft_.topology.links[link].kind != LinkKind::vlan || !first.interface || !second.interface) continue;
    if (depth_[*first.interface] != depth || joined_.joined(*first.interface, *second.interface)) continue;
    if (!draft_.is_whole) continue;
    const auto parent = [&](std::size_t interface) { return draft_.shown(*draft_.plan.interfaces[interface].parent); };
    draft_.complain(Where::link, link,
                    fmt::format("this vlan stands on {} and {}, which are not joined by links of their own",
                                parent(*first.interface), parent(*second.interface)));
  }
}

/// A loop of switches would send every broadcast round for ever.
void SegmentFinder::check_switches() {
  UnionFind switches{draft_.plan.nodes.size()};
  for (std::size_t link = 0; link < draft_.ends.size(); ++link) {
    const auto& [first, second] = draft_.ends[link];
    if (!first.interface || !second.interface) continue;
    const PlannedInterface& one = draft_.plan.interfaces[*first.interface];
    const PlannedInterface& other = draft_.plan.interfaces[*second.interface];
    if (!one.bridge || !other.bridge || one.link != link) continue;
    if (!switches.joined(one.node, other.node)) {
      switches.join(one.node, other.node);
      continue;
    }
    draft_.complain(
        Where::link, link,
        fmt::format("this link closes a loop of switches between {} and {}, in which frames would circle "
                    "for ever; leave it out, or make one of them a router",
                    backticked(draft_.plan.nodes[one.node].name), backticked(draft_.plan.nodes[other.node].name)));
  }
}

}  // namespace

void find_segments(NetworkDraft& draft) { SegmentFinder{draft}.find(); }

}  // namespace dummynet::net

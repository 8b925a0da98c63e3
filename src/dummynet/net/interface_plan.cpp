#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "dummynet/net/name.hpp"
#include "dummynet/net/near_word.hpp"
#include "dummynet/net/network_draft.hpp"

namespace dummynet::net {
namespace {

using Where = TopologyComplaint::Place;

// A new namespace's loopback is 1, and modules may add a few tunnels of their own.
constexpr std::uint32_t kFirstIndex = 100;

class InterfacePlanner {
 public:
  explicit InterfacePlanner(NetworkDraft& draft) : draft_{draft}, names_(draft.plan.nodes.size()) {
    draft_.bridge_of.resize(names_.size());
    draft_.interfaces_of.resize(names_.size());
  }

  void place() {
    reserve_given_names();
    for (std::size_t node = 0; node < names_.size(); ++node) place_bridge(node);
    for_each_link([](LinkKind kind) { return kind == LinkKind::veth; });
    for_each_link([](LinkKind kind) { return kind != LinkKind::veth; });
    check_ports();
  }

 private:
  struct Names {
    std::set<std::string, std::less<>> given;               // asked for by some endpoint
    std::map<std::string, std::size_t, std::less<>> taken;  // interfaces that exist already
    unsigned next_eth = 0;
    std::vector<std::size_t> cables;  // its veth interfaces
  };

  template <typename Predicate>
  void for_each_link(Predicate is_wanted) {
    for (std::size_t link = 0; link < draft_.ends.size(); ++link) {
      const auto& [first, second] = draft_.ends[link];
      const LinkKind kind = draft_.topology.links[link].kind;
      if (!is_wanted(kind) || !first.node || !second.node) continue;
      if (kind == LinkKind::veth) place_veth(link);
      if (kind == LinkKind::vxlan) place_vxlan(link);
      if (kind == LinkKind::vlan) place_vlan(link);
      if (kind == LinkKind::macvlan) place_macvlan(link);
    }
  }

  void reserve_given_names();
  void place_bridge(std::size_t node);
  void place_veth(std::size_t link);
  void place_vxlan(std::size_t link);
  void place_vlan(std::size_t link);
  void place_macvlan(std::size_t link);
  void check_ports();

  bool is_macvlan_base(std::size_t link, std::size_t end) const {
    return end == 0 && draft_.topology.links[link].kind == LinkKind::macvlan;
  }
  std::optional<std::size_t> add(std::size_t link, std::size_t end, InterfaceKind kind);
  std::size_t append(PlannedInterface interface);
  std::string free_name(std::size_t node, std::string_view prefix, unsigned& next) const;
  std::optional<std::size_t> find_parent(std::size_t link, std::size_t end, const std::string& given);
  std::optional<std::size_t> default_parent(std::size_t link, std::size_t end);
  std::optional<std::size_t> add_vlan(std::size_t link, std::size_t end, std::size_t parent);
  void attach(std::size_t interface);

  NetworkDraft& draft_;
  std::vector<Names> names_;                                                                // by node
  std::map<std::pair<std::size_t, std::uint32_t>, std::size_t> vlans_;                      // parent, id
  std::set<std::pair<std::size_t, std::uint32_t>> vnis_;                                    // node, id
  std::map<std::pair<std::size_t, std::size_t>, std::vector<std::size_t>> cables_between_;  // smaller node first
};

void InterfacePlanner::reserve_given_names() {
  // So that a chosen name never takes one that somebody asks for further down.
  for (std::size_t link = 0; link < draft_.ends.size(); ++link) {
    for (std::size_t end = 0; end < 2; ++end) {
      const EndpointSpec& spec = draft_.endpoint(link, end);
      const auto node = draft_.ends[link].at(end).node;
      if (spec.interface.empty()) continue;
      if (const auto fault = find_fault_in_interface_name(spec.interface)) {
        draft_.complain_about_end(link, end, *fault);
      } else if (node && !is_macvlan_base(link, end)) {
        names_[*node].given.insert(spec.interface);
      }
    }
  }
}

std::string InterfacePlanner::free_name(std::size_t node, std::string_view prefix, unsigned& next) const {
  for (;; ++next) {
    std::string name = fmt::format("{}{}", prefix, next);
    if (!names_[node].given.contains(name) && !names_[node].taken.contains(name)) return name;
  }
}

std::size_t InterfacePlanner::append(PlannedInterface interface) {
  const std::size_t number = draft_.plan.interfaces.size();
  interface.index = kFirstIndex + static_cast<std::uint32_t>(number);
  names_[interface.node].taken.emplace(interface.name, number);
  draft_.interfaces_of[interface.node].push_back(number);
  draft_.plan.interfaces.push_back(std::move(interface));
  return number;
}

void InterfacePlanner::place_bridge(std::size_t node) {
  if (draft_.plan.nodes[node].kind != NodeKind::bridge) return;
  PlannedInterface bridge;
  unsigned number = 0;
  bridge.node = node;
  bridge.name = free_name(node, "br", number);
  bridge.kind = InterfaceKind::bridge;
  draft_.bridge_of[node] = append(std::move(bridge));
}

std::optional<std::size_t> InterfacePlanner::add(std::size_t link, std::size_t end, InterfaceKind kind) {
  const EndpointSpec& spec = draft_.endpoint(link, end);
  const std::size_t node = *draft_.ends[link].at(end).node;
  if (names_[node].taken.contains(spec.interface)) {
    draft_.complain_about_end(
        link, end,
        fmt::format("the node {} already has an interface {}", backticked(spec.node), backticked(spec.interface)));
    return std::nullopt;
  }
  PlannedInterface planned;
  planned.node = node;
  planned.name = spec.interface.empty() ? free_name(node, "eth", names_[node].next_eth) : spec.interface;
  planned.kind = kind;
  planned.id = draft_.topology.links[link].id;
  planned.mac = spec.mac;
  planned.mtu = draft_.topology.links[link].mtu;
  planned.link = link;
  const std::size_t interface = append(std::move(planned));
  draft_.ends[link].at(end).interface = interface;
  return interface;
}

/// To the bridge, if its node is one.
void InterfacePlanner::attach(std::size_t interface) {
  PlannedInterface& port = draft_.plan.interfaces[interface];
  port.bridge = draft_.bridge_of[port.node];
}

void InterfacePlanner::place_veth(std::size_t link) {
  const auto first = add(link, 0, InterfaceKind::veth);
  const auto second = add(link, 1, InterfaceKind::veth);
  for (const auto& end : {first, second}) {
    if (!end) continue;
    attach(*end);
    names_[draft_.plan.interfaces[*end].node].cables.push_back(*end);
  }
  if (!first || !second) return;
  draft_.plan.interfaces[*first].peer = second;
  draft_.plan.interfaces[*second].peer = first;
  draft_.plan.interfaces[*first].cut = draft_.plan.interfaces[*second].cut = draft_.topology.links[link].cut;
  const auto [one, other] = std::minmax({*draft_.ends[link][0].node, *draft_.ends[link][1].node});
  cables_between_[{one, other}].push_back(link);
}

void InterfacePlanner::place_vxlan(std::size_t link) {
  for (std::size_t end = 0; end < 2; ++end) {
    const std::size_t node = *draft_.ends[link].at(end).node;
    if (!vnis_.emplace(node, draft_.topology.links[link].id).second) {
      draft_.complain_about_end(link, end,
                                fmt::format("{} already has a vxlan of the id {}; a node can have only one",
                                            backticked(draft_.plan.nodes[node].name), draft_.topology.links[link].id));
      continue;
    }
    if (const auto interface = add(link, end, InterfaceKind::vxlan)) attach(*interface);
  }
}

std::optional<std::size_t> InterfacePlanner::default_parent(std::size_t link, std::size_t end) {
  const auto& ends = draft_.ends[link];
  const std::size_t node = *ends.at(end).node;
  const LinkSpec& spec = draft_.topology.links[link];
  if (spec.kind == LinkKind::macvlan && draft_.bridge_of[node]) return draft_.bridge_of[node];
  if (spec.kind == LinkKind::vlan) {
    const auto [one, other] = std::minmax({*ends[0].node, *ends[1].node});
    const auto cables = cables_between_.find({one, other});
    if (cables != cables_between_.end() && cables->second.size() == 1) {
      for (const PlacedEnd& candidate : draft_.ends[cables->second.front()]) {
        if (candidate.node == node) return candidate.interface;
      }
    }
  }
  const std::vector<std::size_t>& own = names_[node].cables;
  if (own.size() == 1) return own.front();
  if (!draft_.is_whole) return std::nullopt;
  const std::string name = backticked(draft_.plan.nodes[node].name);
  draft_.complain_about_end(
      link, end,
      own.empty() ? fmt::format("{} has no interface that this link could stand on; join it by a veth link first", name)
                  : fmt::format("{} has {} interfaces that this link could stand on: name one as its parent", name,
                                own.size()));
  return std::nullopt;
}

std::optional<std::size_t> InterfacePlanner::find_parent(std::size_t link, std::size_t end, const std::string& given) {
  if (given.empty()) return default_parent(link, end);
  const std::size_t node = *draft_.ends[link].at(end).node;
  const auto found = names_[node].taken.find(given);
  if (found != names_[node].taken.end()) return found->second;
  if (!draft_.is_whole) return std::nullopt;
  std::vector<std::string_view> known;
  for (const auto& [name, interface] : names_[node].taken) known.push_back(name);
  draft_.complain_about_end(
      link, end,
      fmt::format("{} has no interface {} for this link to stand on{}; a parent's link has to "
                  "come before it",
                  backticked(draft_.plan.nodes[node].name), backticked(given), did_you_mean(given, known)));
  return std::nullopt;
}

std::optional<std::size_t> InterfacePlanner::add_vlan(std::size_t link, std::size_t end, std::size_t parent) {
  const EndpointSpec& spec = draft_.endpoint(link, end);
  const LinkSpec& wanted = draft_.topology.links[link];
  const auto known = vlans_.find({parent, wanted.id});
  if (known == vlans_.end()) {
    const auto interface = add(link, end, InterfaceKind::vlan);
    if (!interface) return std::nullopt;
    draft_.plan.interfaces[*interface].parent = parent;
    vlans_.emplace(std::pair{parent, wanted.id}, *interface);
    return interface;
  }
  // An interface can carry each id once: further links of the same vlan end at the same interface.
  PlannedInterface& shared = draft_.plan.interfaces[known->second];
  if (!spec.interface.empty() && spec.interface != shared.name) {
    draft_.complain_about_end(
        link, end,
        fmt::format("vlan {} of {} is called {} already", wanted.id, draft_.shown(parent), backticked(shared.name)));
    return std::nullopt;
  }
  if (spec.mac) shared.mac = spec.mac;
  if (wanted.mtu) shared.mtu = wanted.mtu;
  draft_.ends[link].at(end).interface = known->second;
  return known->second;
}

void InterfacePlanner::place_vlan(std::size_t link) {
  const LinkSpec& spec = draft_.topology.links[link];
  for (std::size_t end = 0; end < 2; ++end) {
    const std::size_t node = *draft_.ends[link].at(end).node;
    if (draft_.bridge_of[node]) {
      draft_.complain_about_end(link, end,
                                fmt::format("{} is a switch, which hands tagged frames on as they are; a vlan joins "
                                            "the nodes behind it",
                                            backticked(draft_.plan.nodes[node].name)));
      continue;
    }
    const auto parent = find_parent(link, end, end == 0 ? spec.first_parent : spec.second_parent);
    if (parent) add_vlan(link, end, *parent);
  }
}

void InterfacePlanner::place_macvlan(std::size_t link) {
  const LinkSpec& spec = draft_.topology.links[link];
  const std::string& named = spec.first_parent.empty() ? spec.first.interface : spec.first_parent;
  if (!spec.first_parent.empty() && !spec.first.interface.empty() && spec.first_parent != spec.first.interface) {
    draft_.complain_about_end(link, 0, "the first endpoint of a macvlan is its parent: two are named");
    return;
  }
  if (!spec.first.addresses.empty() || spec.first.mac) {
    draft_.complain_about_end(link, 0,
                              "the first endpoint of a macvlan is an interface that exists already; addresses and MAC "
                              "belong to the second, or to the link that makes it");
  }
  if (draft_.bridge_of[*draft_.ends[link][1].node]) {
    draft_.complain_about_end(link, 1, "a macvlan ends at a host or a router, not at a switch");
    return;
  }
  const auto parent = find_parent(link, 0, named);
  if (!parent) return;
  const PlannedInterface& below = draft_.plan.interfaces[*parent];
  if (below.bridge || below.kind == InterfaceKind::macvlan) {
    draft_.complain_about_end(link, 0,
                              fmt::format("no macvlan can stand on {}, which is {}", draft_.shown(*parent),
                                          below.bridge ? "a port of a switch" : "one itself"));
    return;
  }
  draft_.ends[link][0].interface = parent;
  if (const auto interface = add(link, 1, InterfaceKind::macvlan)) draft_.plan.interfaces[*interface].parent = parent;
}

void InterfacePlanner::check_ports() {
  for (std::size_t node = 0; node < names_.size(); ++node) {
    if (!draft_.bridge_of[node] || draft_.interfaces_of[node].size() - 1 <= kMostBridgePorts) continue;
    draft_.complain(
        Where::node, node,
        fmt::format("the switch {} has {} ports; Linux bridges have at most {}: join several switches, or "
                    "make it a router",
                    backticked(draft_.plan.nodes[node].name), draft_.interfaces_of[node].size() - 1, kMostBridgePorts));
  }
}

/// What a link without an MTU of its own comes to have.
std::uint32_t mtu_of(const NetworkDraft& draft, std::size_t interface) {
  constexpr std::uint32_t kEthernet = 1500;
  const PlannedInterface& one = draft.plan.interfaces[interface];
  if (one.mtu) return *one.mtu;
  return one.parent ? mtu_of(draft, *one.parent) : kEthernet;
}

void check_mtu_of_parents(NetworkDraft& draft) {
  for (const PlannedInterface& one : draft.plan.interfaces) {
    if (!one.parent || !one.mtu || *one.mtu <= mtu_of(draft, *one.parent)) continue;
    draft.complain(Where::link, *one.link,
                   fmt::format("an MTU of {} is more than the {} of {}, on which this link stands", *one.mtu,
                               mtu_of(draft, *one.parent), draft.shown(*one.parent)));
  }
}

}  // namespace

void place_interfaces(NetworkDraft& draft) {
  InterfacePlanner{draft}.place();
  draft.is_incomplete.assign(draft.plan.nodes.size(), !draft.is_whole);
  for (const auto& ends : draft.ends) {
    for (const PlacedEnd& end : ends) {
      if (end.node && !end.interface) draft.is_incomplete[*end.node] = true;
    }
  }
  check_mtu_of_parents(draft);
}

}  // namespace dummynet::net

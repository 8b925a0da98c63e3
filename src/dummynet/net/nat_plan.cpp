#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <vector>

#include "dummynet/net/name.hpp"
#include "dummynet/net/near_word.hpp"
#include "dummynet/net/network_draft.hpp"
#include "dummynet/net/shared_subnets.hpp"

namespace dummynet::net {
namespace {

using Where = TopologyComplaint::Place;

class NatPlanner {
 public:
  explicit NatPlanner(NetworkDraft& draft) : draft_{draft} {
    draft_.outside_of.resize(draft.plan.nodes.size());
    for (std::size_t i = 0; i < draft.segment_of.size(); ++i) on_segment_[draft.segment_of[i]].push_back(i);
  }

  void plan();

 private:
  const std::string& name_of(std::size_t node) const { return draft_.plan.nodes[node].name; }
  std::vector<std::size_t> find_candidates(std::size_t node) const;
  std::vector<std::size_t> find_named(std::size_t node, const std::string& outside) const;
  bool leads_to(std::size_t interface, const std::function<bool(std::size_t)>& is_wanted) const;
  std::string list(const std::vector<std::size_t>& interfaces) const;
  std::optional<std::size_t> find_outside(std::size_t node);
  std::optional<std::size_t> complain_about_outside(std::size_t node, const std::vector<std::size_t>& found);
  void plan_forwards(PlannedNat& nat);
  std::map<std::size_t, IpAddress> find_inside(std::size_t node, const SharedSubnets& subnets) const;

  NetworkDraft& draft_;
  std::map<std::size_t, std::vector<std::size_t>> on_segment_;
};

void NatPlanner::plan() {
  std::vector<PlannedNat> nats;
  for (std::size_t node = 0; node < draft_.plan.nodes.size(); ++node) {
    if (draft_.plan.nodes[node].kind != NodeKind::nat_router) continue;
    draft_.outside_of[node] = find_outside(node);
    if (draft_.outside_of[node]) nats.push_back({node, *draft_.outside_of[node], {}});
  }
  // All outsides first: they say where the inside of another one ends.
  for (PlannedNat& nat : nats) plan_forwards(nat);
  draft_.plan.nats = std::move(nats);
}

bool NatPlanner::leads_to(std::size_t interface, const std::function<bool(std::size_t)>& is_wanted) const {
  const std::size_t self = draft_.plan.interfaces[interface].node;
  return std::ranges::any_of(on_segment_.at(draft_.segment_of[interface]), [&](std::size_t other) {
    const std::size_t node = draft_.plan.interfaces[other].node;
    return node != self && is_wanted(node);
  });
}

std::vector<std::size_t> NatPlanner::find_candidates(std::size_t node) const {
  std::vector<std::size_t> found;
  std::ranges::copy_if(draft_.interfaces_of[node], std::back_inserter(found), [this](std::size_t interface) {
    return leads_to(interface, [this](std::size_t other) { return draft_.forwards(other); });
  });
  return found;
}

std::vector<std::size_t> NatPlanner::find_named(std::size_t node, const std::string& outside) const {
  std::vector<std::size_t> found;
  for (const std::size_t interface : draft_.interfaces_of[node]) {
    if (draft_.plan.interfaces[interface].name == outside) return {interface};
  }
  const auto wanted = draft_.find_node(outside);
  if (!wanted) return found;
  std::ranges::copy_if(draft_.interfaces_of[node], std::back_inserter(found), [&](std::size_t interface) {
    return leads_to(interface, [&](std::size_t other) { return other == *wanted; });
  });
  return found;
}

std::string NatPlanner::list(const std::vector<std::size_t>& interfaces) const {
  std::string text;
  for (const std::size_t interface : interfaces) {
    text += (text.empty() ? "" : ", ") + backticked(draft_.plan.interfaces[interface].name);
  }
  return text;
}

std::optional<std::size_t> NatPlanner::complain_about_outside(std::size_t node, const std::vector<std::size_t>& found) {
  const std::string& outside = draft_.topology.nodes[node].outside;
  const auto& own = draft_.interfaces_of[node];
  if (draft_.is_incomplete[node]) return std::nullopt;  // that has been told, and may be the reason
  const std::string start = fmt::format("the NAT router {} ", backticked(name_of(node)));
  std::string message;
  if (own.empty()) {
    message = "has no links: it needs one to its outside";
  } else if (outside.empty()) {
    message = found.empty()
                  ? fmt::format(
                        "has no router next to it that could be its outside; name a node or one of {} "
                        "as `outside`",
                        list(own))
                  : fmt::format("has routers on several links; say by `outside` which of {} leads out", list(found));
  } else if (found.empty()) {
    std::vector<std::string_view> known;
    for (const std::size_t interface : own) known.push_back(draft_.plan.interfaces[interface].name);
    for (const PlannedNode& other : draft_.plan.nodes) known.push_back(other.name);
    message = fmt::format("has no link to its outside {}{}", backticked(outside),
                          draft_.find_node(outside) ? "" : did_you_mean(outside, known));
  } else {
    message = fmt::format("has several links to {}; name one of {} as `outside`", backticked(outside), list(found));
  }
  draft_.complain(Where::node, node, start + message);
  return std::nullopt;
}

std::optional<std::size_t> NatPlanner::find_outside(std::size_t node) {
  const std::string& outside = draft_.topology.nodes[node].outside;
  const auto found = outside.empty() ? find_candidates(node) : find_named(node, outside);
  return found.size() == 1 ? std::optional{found.front()} : complain_about_outside(node, found);
}

/// Nodes that the NAT router reaches without leaving by its outside, with the address by which it does.
std::map<std::size_t, IpAddress> NatPlanner::find_inside(std::size_t start, const SharedSubnets& subnets) const {
  std::map<std::size_t, IpAddress> inside;
  std::vector<bool> is_walked(subnets.all().size());
  std::vector<std::size_t> queue{start};
  for (std::size_t next = 0; next < queue.size(); ++next) {
    for (const auto& membership : subnets.of_node(queue[next])) {
      const auto& shared = subnets[membership.subnet];
      const auto& here = shared.members[membership.member];
      if (!here.interface || here.interface == draft_.outside_of[queue[next]] || is_walked[membership.subnet]) continue;
      is_walked[membership.subnet] = !shared.has_macvlan;
      for (const auto& there : shared.members) {
        if (there.node == start || !subnets.hear_each_other(here, there)) continue;
        const bool is_new = inside.emplace(there.node, there.address).second;
        if (is_new && draft_.plan.nodes[there.node].kind == NodeKind::router) queue.push_back(there.node);
      }
    }
  }
  return inside;
}

void NatPlanner::plan_forwards(PlannedNat& nat) {
  const auto& forwards = draft_.topology.nodes[nat.node].forwards;
  if (forwards.empty()) return;
  const auto v4 = find_inside(nat.node, SharedSubnets{draft_, IpFamily::v4});
  const auto v6 = find_inside(nat.node, SharedSubnets{draft_, IpFamily::v6});
  std::set<std::pair<PortForward::Protocol, std::uint16_t>> ports;
  for (const PortForward& forward : forwards) {
    const auto complain = [&](const std::string& message) {
      draft_.complain(
          Where::node, nat.node,
          fmt::format("{} cannot forward {} port {}: {}", backticked(name_of(nat.node)),
                      forward.protocol == PortForward::Protocol::tcp ? "tcp" : "udp", forward.port, message));
    };
    const auto target = draft_.find_node(forward.node);
    if (forward.port == 0) complain("ports are from 1 to 65535");
    if (!ports.emplace(forward.protocol, forward.port).second) complain("it forwards this port already");
    if (!target && !draft_.is_whole) continue;
    if (!target) {
      std::vector<std::string_view> known;
      for (const PlannedNode& node : draft_.plan.nodes) known.push_back(node.name);
      complain(fmt::format("unknown node {}{}", backticked(forward.node), did_you_mean(forward.node, known)));
      continue;
    }
    const auto& family = v4.contains(*target) ? v4 : v6;
    if (const auto found = family.find(*target); found != family.end()) {
      nat.forwards.push_back(
          {forward.protocol, forward.port, found->second, forward.to_port == 0 ? forward.port : forward.to_port});
    } else if (!draft_.is_incomplete[nat.node] && !draft_.is_incomplete[*target]) {
      complain(fmt::format("{} is not inside", backticked(forward.node)));
    }
  }
}

}  // namespace

void plan_nat(NetworkDraft& draft) { NatPlanner{draft}.plan(); }

}  // namespace dummynet::net

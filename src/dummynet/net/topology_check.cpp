#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "dummynet/net/name.hpp"
#include "dummynet/net/near_word.hpp"
#include "dummynet/net/network_draft.hpp"

namespace dummynet::net {
namespace {

using Where = TopologyComplaint::Place;

constexpr std::uint32_t kLargestVlan = 4094;            // IEEE 802.1Q: 0 and 4095 are reserved
constexpr std::uint32_t kLargestVni = (1U << 24U) - 1;  // RFC 7348
constexpr std::uint32_t kSmallestMtu = 68;              // RFC 791
constexpr std::uint32_t kSmallestV6Mtu = 1280;          // RFC 8200; below it the kernel takes IPv6 off the interface
constexpr std::uint32_t kLargestMtuOfLink = 65535;

/// What is wrong with it, or nothing.
std::string find_fault_in_sysctl(std::string_view name, std::string_view value) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";
  const std::string shown = "the sysctl " + backticked(name);
  if (!name.starts_with("net.") && !name.starts_with("net/")) {
    return shown + " does not begin with `net.`: only those belong to a node, all others to the machine";
  }
  bool after_separator = false;
  for (const char c : name) {
    const bool separates = c == '.' || c == '/';
    if (kPlain.find(c) == std::string_view::npos || (separates && after_separator)) {
      return shown + " is no name of one; write e.g. `net.ipv4.tcp_congestion_control`";
    }
    after_separator = separates;
  }
  if (after_separator) return shown + " ends without a name";
  if (value.empty()) return shown + " has no value";
  if (value.find_first_of(std::string_view{"\n\0", 2}) != std::string_view::npos) {
    return "the value of " + shown + " is more than one line";
  }
  return {};
}

class TopologyCheck {
 public:
  explicit TopologyCheck(NetworkDraft& draft) : draft_{draft} {}

  void check() {
    add_nodes();
    check_ranges();
    draft_.ends.resize(draft_.topology.links.size());
    for (std::size_t link = 0; link < draft_.topology.links.size(); ++link) {
      find_ends(link);
      check_numbers(link);
    }
  }

 private:
  void add_nodes();
  void check_ranges();
  void find_ends(std::size_t link);
  void check_numbers(std::size_t link);
  void check_mtu(std::size_t link);
  std::string suggestion(std::string_view name);

  NetworkDraft& draft_;
  std::vector<std::string_view> names_;
};

void TopologyCheck::add_nodes() {
  for (std::size_t i = 0; i < draft_.topology.nodes.size(); ++i) {
    const NodeSpec& node = draft_.topology.nodes[i];
    const auto complain = [&](std::string message) { draft_.complain(Where::node, i, std::move(message)); };
    if (auto fault = find_fault_in_node_name(node.name)) complain(std::move(*fault));
    // Host names mean the same in either case: hosts(5) could only give one of them.
    const auto [first, is_new] = draft_.node_by_name.emplace(to_lower(node.name), i);
    if (!is_new) {
      complain(fmt::format("the nodes {} and {} have the same host name",
                           backticked(draft_.topology.nodes[first->second].name), backticked(node.name)));
    }
    for (const auto& [name, value] : node.sysctls) {
      if (std::string fault = find_fault_in_sysctl(name, value); !fault.empty()) complain(std::move(fault));
    }
    if (draft_.is_whole && node.kind != NodeKind::nat_router && !(node.outside.empty() && node.forwards.empty())) {
      complain(fmt::format("{} is no NAT router: only one has an outside and forwards ports", backticked(node.name)));
    }
    PlannedNode planned{node.name, node.kind, {}, node.sysctls};
    draft_.plan.nodes.push_back(std::move(planned));
    names_.push_back(node.name);
  }
}

void TopologyCheck::check_ranges() {
  const Subnet& v4 = draft_.topology.v4_range;
  const Subnet& v6 = draft_.topology.v6_range;
  if (v4.base.family() != IpFamily::v4 || v4.length > 30) {
    draft_.complain(Where::network, 0, fmt::format("no links' addresses can be chosen from {}", v4.text()));
  }
  if (v6.base.family() != IpFamily::v6 || v6.length > 64) {
    draft_.complain(Where::network, 0, fmt::format("no links' addresses can be chosen from {}", v6.text()));
  }
}

std::string TopologyCheck::suggestion(std::string_view name) {
  // Each costs time; whoever has more mistakes than this finds the rest by the pattern.
  constexpr std::size_t kSuggestions = 1000;
  if (draft_.complaints.size() >= kSuggestions) return {};
  return did_you_mean(name, std::span{names_}.first(std::min(names_.size(), kSuggestions)));
}

void TopologyCheck::find_ends(std::size_t link) {
  auto& ends = draft_.ends[link];
  for (std::size_t end = 0; end < 2; ++end) {
    const std::string& name = draft_.endpoint(link, end).node;
    ends.at(end).node = draft_.find_node(name);
    if (!ends.at(end).node) {
      draft_.complain_about_end(link, end, fmt::format("unknown node {}{}", backticked(name), suggestion(name)));
    }
  }
  if (ends[0].node && ends[0].node == ends[1].node) {
    draft_.complain_about_end(link, 1,
                              fmt::format("this link joins {} to itself", backticked(draft_.endpoint(link, 1).node)));
    ends = {};
  }
}

void TopologyCheck::check_numbers(std::size_t link) {
  const LinkSpec& spec = draft_.topology.links[link];
  const auto complain = [&](std::string message) { draft_.complain(Where::link, link, std::move(message)); };
  const bool has_parents = !spec.first_parent.empty() || !spec.second_parent.empty();
  switch (spec.kind) {
    case LinkKind::vlan:
      if (spec.id < 1 || spec.id > kLargestVlan) {
        complain(fmt::format("a vlan id is from 1 to {}, not {}", kLargestVlan, spec.id));
      }
      break;
    case LinkKind::vxlan:
      if (spec.id < 1 || spec.id > kLargestVni) {
        complain(fmt::format("the id of a vxlan is from 1 to {}, not {}", kLargestVni, spec.id));
      }
      if (has_parents) complain("a vxlan has no parent: it runs over whatever joins the two nodes");
      break;
    case LinkKind::veth:
      if (has_parents) complain("a veth link has no parent; those of kind vlan and macvlan have");
      [[fallthrough]];
    case LinkKind::macvlan:
      if (spec.id != 0) complain("only links of the kinds vlan and vxlan have an id");
      break;
  }
  if (spec.kind == LinkKind::macvlan && !spec.second_parent.empty()) {
    draft_.complain_about_end(link, 1, "the parent of a macvlan is at its first endpoint");
  }
  if (spec.cut && spec.kind != LinkKind::veth)
    complain("only a veth link can be cut; cut those that this one runs over");
  check_mtu(link);
}

void TopologyCheck::check_mtu(std::size_t link) {
  const LinkSpec& spec = draft_.topology.links[link];
  if (!spec.mtu) return;
  if (*spec.mtu < kSmallestMtu || *spec.mtu > kLargestMtuOfLink) {
    draft_.complain(Where::link, link,
                    fmt::format("an MTU is from {} to {} bytes, not {}", kSmallestMtu, kLargestMtuOfLink, *spec.mtu));
    return;
  }
  const bool chooses_v6 = std::ranges::find(draft_.topology.families, IpFamily::v6) != draft_.topology.families.end();
  const auto uses_v6 = [&](const EndpointSpec& end) {
    if (end.addresses.empty()) return chooses_v6;
    return std::ranges::any_of(end.addresses, [](const auto& a) { return a.address.family() == IpFamily::v6; });
  };
  if (*spec.mtu < kSmallestV6Mtu && (uses_v6(spec.first) || uses_v6(spec.second))) {
    draft_.complain(Where::link, link,
                    fmt::format("an MTU of {} is too small for IPv6, which needs {}", *spec.mtu, kSmallestV6Mtu));
  }
}

}  // namespace

void check_topology(NetworkDraft& draft) { TopologyCheck{draft}.check(); }

}  // namespace dummynet::net

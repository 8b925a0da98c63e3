#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "dummynet/net/name.hpp"
#include "dummynet/net/network_draft.hpp"
#include "dummynet/net/shared_subnets.hpp"

namespace dummynet::net {
namespace {

using Where = TopologyComplaint::Place;
using Member = SharedSubnets::Member;

// Ethernet, IP, UDP and VXLAN headers: RFC 7348, section 5.
constexpr std::uint32_t kV4Overhead = 50;
constexpr std::uint32_t kV6Overhead = 70;
constexpr std::uint32_t kEthernet = 1500;

/// What a tunnel between two nodes runs through.
struct Path {
  IpAddress local{};
  IpAddress remote{};
  std::uint32_t mtu = 0;  // the smallest on the way
};

class PathFinder {
 public:
  PathFinder(const NetworkDraft& draft, IpFamily family) : draft_{draft}, subnets_{draft, family} {}

  /// Along the fewest hops, not through other tunnels, nor through NAT routers.
  std::optional<Path> find(std::size_t from, std::size_t to) const;

 private:
  std::uint32_t mtu_of(std::size_t interface) const {
    const PlannedInterface& one = draft_.plan.interfaces[interface];
    if (one.mtu) return *one.mtu;
    return one.parent ? mtu_of(*one.parent) : kEthernet;
  }

  const NetworkDraft& draft_;
  SharedSubnets subnets_;
};

std::optional<Path> PathFinder::find(std::size_t from, std::size_t to) const {
  std::vector<std::optional<Path>> reached(draft_.plan.nodes.size());
  std::vector<bool> is_walked(subnets_.all().size());
  std::vector<std::size_t> queue{from};
  for (std::size_t next = 0; next < queue.size(); ++next) {
    const std::size_t node = queue[next];
    for (const auto& membership : subnets_.of_node(node)) {
      const SharedSubnets::Shared& shared = subnets_[membership.subnet];
      const Member& here = shared.members[membership.member];
      if (shared.is_tunnelled || is_walked[membership.subnet]) continue;
      is_walked[membership.subnet] = !shared.has_macvlan;
      for (const Member& there : shared.members) {
        if (there.node == from || reached[there.node] || !subnets_.hear_each_other(here, there)) continue;
        const std::uint32_t mtu = std::min(mtu_of(*here.interface), mtu_of(*there.interface));
        const bool is_first = node == from;
        reached[there.node] = Path{is_first ? here.address : reached[node]->local, there.address,
                                   is_first ? mtu : std::min(reached[node]->mtu, mtu)};
        if (there.node == to) return reached[to];
        if (draft_.plan.nodes[there.node].kind == NodeKind::router) queue.push_back(there.node);
      }
    }
  }
  return std::nullopt;
}

void place_tunnel(NetworkDraft& draft, std::size_t link, const Path& path) {
  const auto& [first, second] = draft.ends[link];
  PlannedInterface& one = draft.plan.interfaces[*first.interface];
  PlannedInterface& other = draft.plan.interfaces[*second.interface];
  one.local = other.remote = path.local;
  one.remote = other.local = path.remote;
  const std::uint32_t overhead = path.local.family() == IpFamily::v4 ? kV4Overhead : kV6Overhead;
  const std::uint32_t most = path.mtu - std::min(path.mtu, overhead);
  if (one.mtu && *one.mtu > most) {
    draft.complain(Where::link, link,
                   fmt::format("an MTU of {} does not fit through this tunnel: the way has {}, its headers take {}",
                               *one.mtu, path.mtu, overhead));
  }
  // The kernel would not know what is below, and take that of Ethernet.
  if (!one.mtu) one.mtu = other.mtu = most;
}

}  // namespace

void place_tunnels(NetworkDraft& draft) {
  std::optional<PathFinder> v4;
  std::optional<PathFinder> v6;
  for (std::size_t link = 0; link < draft.ends.size(); ++link) {
    const auto& [first, second] = draft.ends[link];
    if (draft.topology.links[link].kind != LinkKind::vxlan || !first.interface || !second.interface) continue;
    if (!v4) v4.emplace(draft, IpFamily::v4);
    auto path = v4->find(*first.node, *second.node);
    if (!path) {
      if (!v6) v6.emplace(draft, IpFamily::v6);
      path = v6->find(*first.node, *second.node);
    }
    if (path) {
      place_tunnel(draft, link, *path);
    } else if (!draft.is_incomplete[*first.node] && !draft.is_incomplete[*second.node]) {
      draft.complain(
          Where::link, link,
          fmt::format("nothing joins {} and {} that this tunnel could run over: it needs addresses of both, "
                      "and links or routers between them",
                      backticked(draft.plan.nodes[*first.node].name), backticked(draft.plan.nodes[*second.node].name)));
    }
  }
}

}  // namespace dummynet::net

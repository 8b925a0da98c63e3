#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "dummynet/net/network_plan.hpp"
#include "dummynet/net/presets.hpp"

namespace dummynet::net {
namespace {

/// Follows packets through a plan as the kernel would: its own addresses, then what is on the link, then the longest
/// prefix among the routes.
class Walker {
 public:
  explicit Walker(const NetworkPlan& plan) : plan_{plan}, routes_(plan.nodes.size()), interfaces_(plan.nodes.size()) {
    for (std::size_t i = 0; i < plan.interfaces.size(); ++i) {
      interfaces_[plan.interfaces[i].node].push_back(i);
      for (const InterfaceAddress& address : plan.interfaces[i].addresses) owner_[address.address] = i;
    }
    for (const PlannedRoute& route : plan.routes) routes_[route.node].push_back(&route);
  }

  bool is_own(std::size_t node, const IpAddress& address) const {
    const auto found = owner_.find(address);
    return found != owner_.end() && plan_.interfaces[found->second].node == node;
  }

  /// How many nodes a packet comes to after the first one; nothing if it is lost or goes round in circles.
  std::optional<std::size_t> hops(std::size_t from, const IpAddress& to) const {
    std::size_t node = from;
    for (std::size_t count = 0; count <= plan_.nodes.size(); ++count) {
      if (is_own(node, to)) return count;
      if (count > 0 && plan_.nodes[node].kind != NodeKind::router) return std::nullopt;
      const auto next = next_hop(node, to);
      if (!next) return std::nullopt;
      const auto owner = owner_.find(*next);
      if (owner == owner_.end()) return std::nullopt;
      node = plan_.interfaces[owner->second].node;
    }
    return std::nullopt;
  }

 private:
  std::optional<IpAddress> next_hop(std::size_t node, const IpAddress& to) const {
    if (on_link(node, to)) return to;
    const PlannedRoute* best = nullptr;
    for (const PlannedRoute* route : routes_[node]) {
      if (!route->destination.contains(to) || (best && best->destination.length >= route->destination.length)) continue;
      best = route;
    }
    if (!best) return std::nullopt;
    // The kernel refuses a route whose gateway is not on the interface.
    EXPECT_EQ(plan_.interfaces[best->interface].node, node);
    EXPECT_TRUE(on_link(node, best->via, best->interface));
    return best->via;
  }

  bool on_link(std::size_t node, const IpAddress& to, std::optional<std::size_t> only = std::nullopt) const {
    return std::ranges::any_of(interfaces_[node], [&](std::size_t interface) {
      return (!only || interface == *only) &&
             std::ranges::any_of(plan_.interfaces[interface].addresses,
                                 [&](const InterfaceAddress& own) { return own.subnet().contains(to); });
    });
  }

  const NetworkPlan& plan_;
  std::vector<std::vector<const PlannedRoute*>> routes_;
  std::vector<std::vector<std::size_t>> interfaces_;
  std::map<IpAddress, std::size_t> owner_;
};

/// Distances from a node to every subnet that its packets can get to, by a search of its own over subnets and routers.
std::map<Subnet, std::size_t> distances(const NetworkPlan& plan, std::size_t from) {
  std::map<Subnet, std::set<std::size_t>> on_subnet;
  std::map<std::size_t, std::set<Subnet>> of_node;
  for (const PlannedInterface& interface : plan.interfaces) {
    for (const InterfaceAddress& address : interface.addresses) {
      on_subnet[address.subnet()].insert(interface.node);
      of_node[interface.node].insert(address.subnet());
    }
  }
  std::map<Subnet, std::size_t> found;
  std::set<std::size_t> reached{from};
  std::vector<std::size_t> edge{from};
  for (std::size_t distance = 1; !edge.empty(); ++distance) {
    std::vector<std::size_t> next;
    for (const std::size_t node : edge) {
      for (const Subnet& subnet : of_node[node]) {
        if (!found.emplace(subnet, distance).second) continue;
        for (const std::size_t other : on_subnet[subnet]) {
          if (reached.insert(other).second && plan.nodes[other].kind == NodeKind::router) next.push_back(other);
        }
      }
    }
    edge = std::move(next);
  }
  return found;
}

void expect_shortest_ways(const Topology& topology) {
  const PlannedNetwork planned = plan_network(topology);
  const NetworkPlan& plan = planned.plan;
  for (const auto& complaint : planned.complaints) ASSERT_TRUE(complaint.is_warning) << complaint.message;
  std::set<IpAddress> addresses;
  for (const PlannedInterface& interface : plan.interfaces) {
    for (const InterfaceAddress& own : interface.addresses) {
      EXPECT_TRUE(addresses.insert(own.address).second) << own.text() << " is given twice";
    }
  }
  const Walker walker{plan};
  for (std::size_t from = 0; from < plan.nodes.size(); ++from) {
    const auto expected = distances(plan, from);
    for (const PlannedInterface& interface : plan.interfaces) {
      for (const InterfaceAddress& to : interface.addresses) {
        if (walker.is_own(from, to.address)) continue;
        const auto distance = expected.find(to.subnet());
        const auto hops = walker.hops(from, to.address);
        const std::string what = plan.nodes[from].name + " to " + plan.nodes[interface.node].name + " at " + to.text();
        if (distance == expected.end()) {
          EXPECT_FALSE(hops) << what;
          continue;
        }
        // A packet that comes by its goal on the way to another interface of it has arrived.
        ASSERT_TRUE(hops) << what;
        EXPECT_LE(*hops, distance->second) << what;
        EXPECT_GE(*hops + 1, distance->second) << what;
      }
    }
  }
}

/// Routers and switches in a random tree with some more links, and hosts on one or two of them.
Topology random_topology(std::mt19937& random) {
  const auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random);
  };
  Topology topology;
  const auto add_node = [&](const std::string& name, NodeKind kind) {
    topology.nodes.push_back({});
    topology.nodes.back().name = name;
    topology.nodes.back().kind = kind;
  };
  const auto add_link = [&](std::size_t first, std::size_t second) {
    topology.links.push_back({});
    topology.links.back().first.node = topology.nodes[first].name;
    topology.links.back().second.node = topology.nodes[second].name;
  };
  const std::size_t core = 1 + below(12);
  for (std::size_t i = 0; i < core; ++i) {
    add_node("n" + std::to_string(i), below(4) == 0 ? NodeKind::bridge : NodeKind::router);
    if (i > 0 && below(10) > 0) add_link(below(i), i);  // a tree has no loops; some parts stay on their own
  }
  for (std::size_t more = below(6); more > 0; --more) {
    const std::size_t one = below(core);
    const std::size_t other = below(core);
    const bool is_switch =
        topology.nodes[one].kind == NodeKind::bridge || topology.nodes[other].kind == NodeKind::bridge;
    if (one != other && !is_switch) add_link(one, other);
  }
  const std::size_t hosts = below(10);
  for (std::size_t i = 0; i < hosts; ++i) {
    add_node("h" + std::to_string(i), NodeKind::host);
    for (std::size_t links = 1 + below(2); links > 0; --links) add_link(core + i, below(core));
  }
  if (below(2) == 0) topology.families = {IpFamily::v6, IpFamily::v4};
  return topology;
}

TEST(Routing, LeadsEverybodyByTheShortestWay) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    std::mt19937 random{seed};
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_shortest_ways(random_topology(random));
    if (HasFatalFailure() || HasNonfatalFailure()) break;
  }
}

TEST(Routing, LeadsThroughPresets) {
  for (const Topology& topology :
       {line(9), ring(8), mesh(6), star(20), star(20, {NodeKind::router}), tree(3, 3), dumbbell(3, 4)}) {
    expect_shortest_ways(topology);
  }
}

TEST(Routing, IsTheSameEveryTime) {
  std::mt19937 random{7};
  const Topology topology = random_topology(random);

  EXPECT_EQ(plan_network(topology).plan, plan_network(topology).plan);
}

TEST(Routing, DoesNotGrowWithWhatIsNotRouted) {
  // Not of the clock: a plan of cubic cost would not end within this test's time.
  const NetworkPlan star_plan = plan_network(star(5000, {NodeKind::router})).plan;
  EXPECT_EQ(star_plan.routes.size(), 5000U);
  const NetworkPlan line_plan = plan_network(line(200)).plan;
  EXPECT_EQ(line_plan.routes.size(), 200U * (200 + 199) - 200 - 2 * 199 + 200);
}

}  // namespace
}  // namespace dummynet::net

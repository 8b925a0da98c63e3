#pragma once

#include <cstddef>

#include "dummynet/net/topology.hpp"

/// Usual topologies. Hosts are called h1, h2 …, routers r1, r2 …. They can be added to
/// before they are planned. All throw std::invalid_argument when a count is 0 or makes more than kMostPresetNodes
/// nodes.
namespace dummynet::net {

inline constexpr std::size_t kMostPresetNodes = 10'000;

/// Routers r1 … rN in a row, each with a host of its own: h1 … hN. From h1 to hN a packet crosses all N routers. At
/// most 1000 routers, since each has a route to each link.
Topology line(std::size_t routers);

/// The same, closed: rN is linked with r1. From 3 to 1000 routers.
Topology ring(std::size_t routers);

/// Every router is linked with every other one; each has a host: h1 … hN. At most 64 routers.
Topology mesh(std::size_t routers);

struct StarOptions {
  /// bridge: all hosts are on one segment; at most 1023 of them, as many ports as a Linux bridge has. router: each has
  /// a subnet of its own.
  NodeKind hub = NodeKind::bridge;
};
/// h1 … hN around `hub`.
Topology star(std::size_t hosts, StarOptions options = {});

/// Routers with `fanout` branches each, `depth` levels of them, numbered from the root r1 level by level; the last
/// level has hosts h1 … as its branches: fanout to the power of depth.
Topology tree(std::size_t depth, std::size_t fanout);

/// Hosts left1 … leftN on router r1, hosts right1 … rightM on router r2, and one link between both routers, the
/// bottleneck: the first link of all.
Topology dumbbell(std::size_t left, std::size_t right);

}  // namespace dummynet::net

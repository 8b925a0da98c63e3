#include "dummynet/net/presets.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace dummynet::net {
namespace {

constexpr std::size_t kMostRouters = 1000;
constexpr std::size_t kMostMeshed = 64;

void check_count(const char* what, std::size_t count, std::size_t least, std::size_t most) {
  if (count >= least && count <= most) return;
  throw std::invalid_argument{fmt::format("{}: from {} to {}, not {}", what, least, most, count)};
}

std::string add_node(Topology& topology, std::string name, NodeKind kind = NodeKind::host) {
  NodeSpec node;
  node.name = name;
  node.kind = kind;
  topology.nodes.push_back(std::move(node));
  return name;
}

void add_link(Topology& topology, std::string first, std::string second) {
  LinkSpec link;
  link.first.node = std::move(first);
  link.second.node = std::move(second);
  topology.links.push_back(std::move(link));
}

std::string router(std::size_t number) { return fmt::format("r{}", number); }
std::string host(std::size_t number) { return fmt::format("h{}", number); }

/// Routers, each with its host.
Topology pairs(std::size_t count) {
  Topology topology;
  for (std::size_t i = 1; i <= count; ++i) add_node(topology, router(i), NodeKind::router);
  for (std::size_t i = 1; i <= count; ++i) add_link(topology, add_node(topology, host(i)), router(i));
  return topology;
}

}  // namespace

Topology line(std::size_t routers) {
  check_count("routers of a line", routers, 1, kMostRouters);
  Topology topology = pairs(routers);
  for (std::size_t i = 1; i < routers; ++i) add_link(topology, router(i), router(i + 1));
  return topology;
}

Topology ring(std::size_t routers) {
  check_count("routers of a ring", routers, 3, kMostRouters);
  Topology topology = line(routers);
  add_link(topology, router(routers), router(1));
  return topology;
}

Topology mesh(std::size_t routers) {
  check_count("routers of a mesh", routers, 1, kMostMeshed);
  Topology topology = pairs(routers);
  for (std::size_t i = 1; i <= routers; ++i) {
    for (std::size_t j = i + 1; j <= routers; ++j) add_link(topology, router(i), router(j));
  }
  return topology;
}

Topology star(std::size_t hosts, StarOptions options) {
  if (options.hub != NodeKind::bridge && options.hub != NodeKind::router) {
    throw std::invalid_argument{"the hub of a star is a bridge or a router"};
  }
  const bool is_switched = options.hub == NodeKind::bridge;
  check_count(is_switched ? "hosts of a star around a switch, which has no more ports (a router has)"
                          : "hosts of a star around a router",
              hosts, 1, is_switched ? kMostBridgePorts : kMostPresetNodes - 1);
  Topology topology;
  const std::string hub = add_node(topology, "hub", options.hub);
  for (std::size_t i = 1; i <= hosts; ++i) add_link(topology, add_node(topology, host(i)), hub);
  return topology;
}

Topology tree(std::size_t depth, std::size_t fanout) {
  check_count("levels of a tree", depth, 1, kMostRouters);
  check_count("branches of a tree", fanout, 1, kMostPresetNodes);
  std::size_t all = 1;
  for (std::size_t level = 0, width = 1; level < depth; ++level) {
    width *= fanout;  // both factors are bounded, and so is their sum before the next
    all += width;
    check_count("nodes of a tree", all, 1, kMostPresetNodes);
  }
  Topology topology;
  std::size_t first = 1;  // of the level above
  std::size_t width = 1;
  add_node(topology, router(1), NodeKind::router);
  for (std::size_t level = 1; level <= depth; ++level) {
    const bool is_last = level == depth;
    const std::size_t start = is_last ? 1 : first + width;
    for (std::size_t i = 0; i < width * fanout; ++i) {
      const std::string name = is_last ? host(start + i) : router(start + i);
      add_link(topology, router(first + i / fanout),
               add_node(topology, name, is_last ? NodeKind::host : NodeKind::router));
    }
    first = start;
    width *= fanout;
  }
  return topology;
}

Topology dumbbell(std::size_t left, std::size_t right) {
  check_count("hosts on the left of a dumbbell", left, 1, kMostPresetNodes / 2 - 1);
  check_count("hosts on the right of a dumbbell", right, 1, kMostPresetNodes / 2 - 1);
  Topology topology;
  const std::string left_router = add_node(topology, router(1), NodeKind::router);
  const std::string right_router = add_node(topology, router(2), NodeKind::router);
  add_link(topology, left_router, right_router);
  for (std::size_t i = 1; i <= left; ++i) add_link(topology, add_node(topology, fmt::format("left{}", i)), left_router);
  for (std::size_t i = 1; i <= right; ++i) {
    add_link(topology, add_node(topology, fmt::format("right{}", i)), right_router);
  }
  return topology;
}

}  // namespace dummynet::net

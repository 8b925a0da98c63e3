#pragma once

#include <array>
#include <span>
#include <string_view>

namespace dummynet::scenario {

/// The keys of one kind of map in a scenario file. `schema/scenario.schema.json` lists the same ones (a test holds it
/// to these), `docs/scenario-format.md` explains them.
struct Keys {
  std::string_view where;                     ///< "a process", for messages
  std::span<const std::string_view> known;    ///< what this version does
  std::span<const std::string_view> planned;  ///< part of the format, not of this version: refused by name
};

namespace keys {

inline constexpr auto kScenario = std::to_array<std::string_view>(
    {"name", "seed", "timeout", "addressing", "topology", "nodes", "links", "processes"});
inline constexpr auto kScenarioPlanned = std::to_array<std::string_view>({"events", "captures", "assert"});
inline constexpr auto kTopology =
    std::to_array<std::string_view>({"line", "ring", "star", "tree", "dumbbell", "mesh", "hub"});
inline constexpr auto kTree = std::to_array<std::string_view>({"depth", "fanout"});
inline constexpr auto kDumbbell = std::to_array<std::string_view>({"left", "right"});
inline constexpr auto kNode =
    std::to_array<std::string_view>({"kind", "environment", "addresses", "sysctls", "routes", "outside", "forwards"});
inline constexpr auto kNodePlanned = std::to_array<std::string_view>({"mtu"});
inline constexpr auto kRoutes = std::to_array<std::string_view>({"default", "computed"});
inline constexpr auto kLink = std::to_array<std::string_view>({"endpoints", "kind", "id", "subnet", "mtu"});
inline constexpr auto kLinkPlanned =
    std::to_array<std::string_view>({"delay", "jitter", "loss", "rate", "limit", "queue", "duplicate", "reorder",
                                     "corrupt", "trace", "uplink", "downlink"});
inline constexpr auto kEndpoint = std::to_array<std::string_view>({"node", "interface", "addresses", "mac", "parent"});
inline constexpr auto kProcess = std::to_array<std::string_view>(
    {"node", "command", "daemon", "ready", "depends_on", "timeout", "cwd", "user", "environment", "expect", "metrics"});
inline constexpr auto kProcessPlanned = std::to_array<std::string_view>({"limits"});
inline constexpr auto kReady =
    std::to_array<std::string_view>({"listen", "log", "exec", "file", "http", "notify", "timeout"});
inline constexpr auto kExpect = std::to_array<std::string_view>({"exit_code", "signal", "running", "stdout", "stderr"});
inline constexpr auto kMetric = std::to_array<std::string_view>({"json", "regex", "unit"});

// In the order of net::NodeKind and net::LinkKind.
inline constexpr auto kKinds = std::to_array<std::string_view>({"host", "router", "nat", "switch"});
inline constexpr auto kLinkKinds = std::to_array<std::string_view>({"veth", "vlan", "vxlan", "macvlan"});
inline constexpr auto kAddressing = std::to_array<std::string_view>({"ipv4", "ipv6", "dual"});
inline constexpr auto kConditions = std::to_array<std::string_view>({"started", "ready", "completed", "succeeded"});

}  // namespace keys

inline constexpr Keys kScenarioKeys{"a scenario", keys::kScenario, keys::kScenarioPlanned};
inline constexpr Keys kNodeKeys{"a node", keys::kNode, keys::kNodePlanned};
inline constexpr Keys kTopologyKeys{"`topology`", keys::kTopology, {}};
inline constexpr Keys kTreeKeys{"`tree`", keys::kTree, {}};
inline constexpr Keys kDumbbellKeys{"`dumbbell`", keys::kDumbbell, {}};
inline constexpr Keys kRoutesKeys{"`routes`", keys::kRoutes, {}};
inline constexpr Keys kLinkKeys{"a link", keys::kLink, keys::kLinkPlanned};
inline constexpr Keys kEndpointKeys{"an endpoint", keys::kEndpoint, {}};
inline constexpr Keys kProcessKeys{"a process", keys::kProcess, keys::kProcessPlanned};
inline constexpr Keys kReadyKeys{"`ready`", keys::kReady, {}};
inline constexpr Keys kExpectKeys{"`expect`", keys::kExpect, {}};
inline constexpr Keys kMetricKeys{"a metric", keys::kMetric, {}};

}  // namespace dummynet::scenario

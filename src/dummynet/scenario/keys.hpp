#pragma once

#include <algorithm>
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
    {"name", "seed", "timeout", "addressing", "topology", "nodes", "links", "emulation", "processes", "events"});
inline constexpr auto kScenarioPlanned = std::to_array<std::string_view>({"captures", "assert"});
inline constexpr auto kTopology =
    std::to_array<std::string_view>({"line", "ring", "star", "tree", "dumbbell", "mesh", "hub", "links"});
inline constexpr auto kTree = std::to_array<std::string_view>({"depth", "fanout"});
inline constexpr auto kDumbbell = std::to_array<std::string_view>({"left", "right", "bottleneck"});
inline constexpr auto kNode =
    std::to_array<std::string_view>({"kind", "environment", "addresses", "sysctls", "routes", "outside", "forwards"});
inline constexpr auto kNodePlanned = std::to_array<std::string_view>({"mtu"});
inline constexpr auto kRoutes = std::to_array<std::string_view>({"default", "computed"});
inline constexpr auto kLink = std::to_array<std::string_view>({"endpoints", "kind", "id", "subnet", "mtu"});
// What a link does to packets: of a link, of one of its directions, of an event.
inline constexpr auto kImpairment = std::to_array<std::string_view>(
    {"delay", "jitter", "loss", "rate", "queue", "limit", "duplicate", "reorder", "corrupt", "spare_control", "trace"});
inline constexpr auto kFate = std::to_array<std::string_view>({"uplink", "downlink", "emulation"});
inline constexpr auto kJitter = std::to_array<std::string_view>({"amount", "distribution", "reorder"});
inline constexpr auto kDistribution = std::to_array<std::string_view>({"table"});
inline constexpr auto kLoss = std::to_array<std::string_view>({"random", "gemodel", "packets", "every"});
inline constexpr auto kGemodel = std::to_array<std::string_view>({"p", "r", "loss_bad", "loss_good"});
inline constexpr auto kRate = std::to_array<std::string_view>({"rate", "overhead", "schedule", "trace", "repeat"});
inline constexpr auto kStep = std::to_array<std::string_view>({"at", "rate"});
inline constexpr auto kQueue = std::to_array<std::string_view>({"kind", "limit", "ecn", "target", "interval"});
inline constexpr auto kReorder = std::to_array<std::string_view>({"probability", "gap"});
inline constexpr auto kEvent = std::to_array<std::string_view>(
    {"at", "link", "direction", "set", "state", "in_flight", "partition", "heal", "process", "signal"});
inline constexpr auto kEndpoint = std::to_array<std::string_view>({"node", "interface", "addresses", "mac", "parent"});
inline constexpr auto kProcess = std::to_array<std::string_view>(
    {"node", "command", "daemon", "ready", "depends_on", "timeout", "cwd", "user", "environment", "expect", "metrics"});
inline constexpr auto kProcessPlanned = std::to_array<std::string_view>({"limits"});
inline constexpr auto kReady =
    std::to_array<std::string_view>({"listen", "log", "exec", "file", "http", "notify", "timeout"});
inline constexpr auto kExpect = std::to_array<std::string_view>({"exit_code", "signal", "running", "stdout", "stderr"});
inline constexpr auto kMetric = std::to_array<std::string_view>({"json", "regex", "unit"});

// In the order of the enumerations that they name.
inline constexpr auto kKinds = std::to_array<std::string_view>({"host", "router", "nat", "switch"});
inline constexpr auto kLinkKinds = std::to_array<std::string_view>({"veth", "vlan", "vxlan", "macvlan"});
inline constexpr auto kEmulations = std::to_array<std::string_view>({"engine", "kernel", "auto"});
inline constexpr auto kDistributions =
    std::to_array<std::string_view>({"uniform", "normal", "pareto", "pareto_normal"});
inline constexpr auto kQueueKinds = std::to_array<std::string_view>({"drop_tail", "drop_head", "codel", "pie"});
inline constexpr auto kDirections = std::to_array<std::string_view>({"uplink", "downlink", "both"});
inline constexpr auto kStates = std::to_array<std::string_view>({"up", "down"});
inline constexpr auto kInFlight = std::to_array<std::string_view>({"drop", "keep"});
inline constexpr auto kAddressing = std::to_array<std::string_view>({"ipv4", "ipv6", "dual"});
inline constexpr auto kConditions = std::to_array<std::string_view>({"started", "ready", "completed", "succeeded"});

/// One list after the other.
template <std::size_t A, std::size_t B>
constexpr std::array<std::string_view, A + B> joined(const std::array<std::string_view, A>& first,
                                                     const std::array<std::string_view, B>& second) {
  std::array<std::string_view, A + B> all{};
  std::copy(second.begin(), second.end(), std::copy(first.begin(), first.end(), all.begin()));
  return all;
}
inline constexpr auto kWholeFate = joined(kImpairment, kFate);  // of all links of a topology, of a bottleneck
inline constexpr auto kWholeLink = joined(kLink, kWholeFate);

}  // namespace keys

inline constexpr Keys kScenarioKeys{"a scenario", keys::kScenario, keys::kScenarioPlanned};
inline constexpr Keys kNodeKeys{"a node", keys::kNode, keys::kNodePlanned};
inline constexpr Keys kTopologyKeys{"`topology`", keys::kTopology, {}};
inline constexpr Keys kTreeKeys{"`tree`", keys::kTree, {}};
inline constexpr Keys kDumbbellKeys{"`dumbbell`", keys::kDumbbell, {}};
inline constexpr Keys kRoutesKeys{"`routes`", keys::kRoutes, {}};
inline constexpr Keys kLinkKeys{"a link", keys::kWholeLink, {}};
inline constexpr Keys kFateKeys{"a link's fate", keys::kWholeFate, {}};
inline constexpr Keys kImpairmentKeys{"a link's direction", keys::kImpairment, {}};
inline constexpr Keys kJitterKeys{"`jitter`", keys::kJitter, {}};
inline constexpr Keys kDistributionKeys{"`distribution`", keys::kDistribution, {}};
inline constexpr Keys kLossKeys{"`loss`", keys::kLoss, {}};
inline constexpr Keys kGemodelKeys{"`gemodel`", keys::kGemodel, {}};
inline constexpr Keys kRateKeys{"`rate`", keys::kRate, {}};
inline constexpr Keys kStepKeys{"a step of `schedule`", keys::kStep, {}};
inline constexpr Keys kQueueKeys{"`queue`", keys::kQueue, {}};
inline constexpr Keys kReorderKeys{"`reorder`", keys::kReorder, {}};
inline constexpr Keys kEventKeys{"an event", keys::kEvent, {}};
inline constexpr Keys kEndpointKeys{"an endpoint", keys::kEndpoint, {}};
inline constexpr Keys kProcessKeys{"a process", keys::kProcess, keys::kProcessPlanned};
inline constexpr Keys kReadyKeys{"`ready`", keys::kReady, {}};
inline constexpr Keys kExpectKeys{"`expect`", keys::kExpect, {}};
inline constexpr Keys kMetricKeys{"a metric", keys::kMetric, {}};

}  // namespace dummynet::scenario

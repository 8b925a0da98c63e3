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

inline constexpr auto scenario =
    std::to_array<std::string_view>({"name", "seed", "timeout", "nodes", "links", "processes"});
inline constexpr auto scenario_planned = std::to_array<std::string_view>({"events", "captures", "assert"});
inline constexpr auto node = std::to_array<std::string_view>({"kind", "environment"});
inline constexpr auto node_planned = std::to_array<std::string_view>({"sysctls", "addresses", "mtu"});
inline constexpr auto link = std::to_array<std::string_view>({"endpoints"});
inline constexpr auto link_planned =
    std::to_array<std::string_view>({"delay", "jitter", "loss", "rate", "limit", "queue", "duplicate", "reorder",
                                     "corrupt", "trace", "uplink", "downlink", "mtu"});
inline constexpr auto process = std::to_array<std::string_view>(
    {"node", "command", "daemon", "ready", "depends_on", "timeout", "cwd", "environment", "expect", "metrics"});
inline constexpr auto process_planned = std::to_array<std::string_view>({"user", "limits"});
inline constexpr auto ready =
    std::to_array<std::string_view>({"listen", "log", "exec", "file", "http", "notify", "timeout"});
inline constexpr auto expect = std::to_array<std::string_view>({"exit_code", "signal", "running", "stdout", "stderr"});
inline constexpr auto metric = std::to_array<std::string_view>({"json", "regex", "unit"});

inline constexpr auto kinds = std::to_array<std::string_view>({"host"});
inline constexpr auto kinds_planned = std::to_array<std::string_view>({"router", "switch", "nat"});
inline constexpr auto conditions = std::to_array<std::string_view>({"started", "ready", "completed", "succeeded"});

}  // namespace keys

inline constexpr Keys kScenarioKeys{"a scenario", keys::scenario, keys::scenario_planned};
inline constexpr Keys kNodeKeys{"a node", keys::node, keys::node_planned};
inline constexpr Keys kLinkKeys{"a link", keys::link, keys::link_planned};
inline constexpr Keys kProcessKeys{"a process", keys::process, keys::process_planned};
inline constexpr Keys kReadyKeys{"`ready`", keys::ready, {}};
inline constexpr Keys kExpectKeys{"`expect`", keys::expect, {}};
inline constexpr Keys kMetricKeys{"a metric", keys::metric, {}};

}  // namespace dummynet::scenario

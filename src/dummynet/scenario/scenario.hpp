#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dummynet/core/command.hpp"
#include "dummynet/core/ready.hpp"
#include "dummynet/net/topology.hpp"
#include "dummynet/scenario/complaint.hpp"
#include "dummynet/scenario/document.hpp"
#include "dummynet/scenario/fate_spec.hpp"

namespace dummynet::scenario {

/// What a scenario file says, as plain values: each piece well-formed by itself. Whether the pieces fit together is the
/// planner's question, so names are kept with their places.

using Environment = std::map<std::string, std::string>;

/// A value and where it stands.
template <typename T>
struct Located {
  T value{};
  Position position{};
  bool operator==(const Located&) const = default;
};

struct NodeSpec {
  std::string name{};
  Position position{};
  Environment environment{};
  bool has_kind = false;  ///< else one of `topology` keeps its own
  net::NodeSpec network{};
  bool operator==(const NodeSpec&) const = default;
};

struct LinkSpec {
  net::LinkSpec network{};
  FateSpec fate{};
  Position position{};
  std::array<Position, 2> endpoints{};
  bool operator==(const LinkSpec&) const = default;
};

/// What must be true of another process before this one starts.
enum class Condition {
  started,    ///< it has been started
  ready,      ///< its `ready` condition holds
  completed,  ///< it has ended as expected
  succeeded,  ///< it has ended with exit code 0
};
std::string_view to_string(Condition condition);

struct DependencySpec {
  std::string process{};
  Condition condition = Condition::started;
  Position position{};
  bool operator==(const DependencySpec&) const = default;
};

/// How a process must end and what it must have printed. Nothing given: exit code 0, or for a daemon to keep running.
struct ExpectSpec {
  std::optional<Located<int>> exit_code{};
  std::optional<Located<int>> signal{};
  std::optional<Located<bool>> running{};
  std::optional<std::string> out{};  ///< fnmatch(3) pattern that some line of standard output matches
  std::optional<std::string> err{};
  bool operator==(const ExpectSpec&) const = default;
};

/// Steps into a JSON document, from its root: member names, or indices of an array.
struct JsonPath {
  std::vector<std::string> steps{};
  bool operator==(const JsonPath&) const = default;
};
/// The first group of the last match in standard output: RE2 syntax, `^` and `$` at every line.
struct MetricRegex {
  std::string regex{};
  bool operator==(const MetricRegex&) const = default;
};
struct MetricSpec {
  std::string name{};
  std::variant<JsonPath, MetricRegex> source{};
  std::string unit{};
  Position position{};         ///< of its name
  Position source_position{};  ///< of path or expression
  bool operator==(const MetricSpec&) const = default;
};

struct ProcessSpec {
  std::string name{};
  Position position{};
  std::optional<Located<std::string>> node{};
  Command command = std::string{};
  bool daemon = false;
  std::optional<Located<Ready>> ready{};
  std::vector<DependencySpec> depends_on{};
  std::optional<std::chrono::nanoseconds> timeout{};
  std::string cwd{};
  std::string user{};  ///< RunOptions::user
  Environment environment{};
  ExpectSpec expect{};
  std::vector<MetricSpec> metrics{};
  bool operator==(const ProcessSpec&) const = default;
};

/// One or both directions of a link.
struct LinkEventSpec {
  Position position{};
  std::array<Located<std::string>, 2> endpoints{};  ///< "node" or "node:interface", in either order
  std::array<bool, 2> directions{true, true};       ///< by wire::Direction, as the link itself has its endpoints
  ImpairmentSpec set{};
  std::optional<bool> up{};
  bool drop_in_flight = true;  ///< going down: what is queued or on the way is lost as well
  bool operator==(const LinkEventSpec&) const = default;
};
/// All links between nodes of different sets go down, those of the partition before it come up.
struct PartitionSpec {
  Position position{};
  std::vector<std::vector<Located<std::string>>> sets{};
  bool drop_in_flight = true;
  bool operator==(const PartitionSpec&) const = default;
};
/// The end of the partition.
struct HealSpec {
  Position position{};
  bool operator==(const HealSpec&) const = default;
};
struct SignalSpec {
  Located<std::string> process{};
  int signal = 0;
  bool operator==(const SignalSpec&) const = default;
};
struct EventSpec {
  Located<std::chrono::nanoseconds> at{};  ///< since the first process that is no daemon was started
  std::variant<LinkEventSpec, PartitionSpec, HealSpec, SignalSpec> what{};
  bool operator==(const EventSpec&) const = default;
};

struct Scenario {
  std::string name{};      ///< empty: named after its file
  std::uint64_t seed = 1;  ///< every random stream derives from it
  std::optional<std::chrono::nanoseconds> timeout{};
  std::vector<net::IpFamily> families{net::IpFamily::v4};
  std::optional<Located<net::Topology>> topology{};  ///< a preset: its nodes and links come before those below
  std::vector<NodeSpec> nodes{};                     ///< one that the preset has as well is the same one
  FateSpec topology_fate{};                          ///< of all links of the preset
  FateSpec bottleneck{};                             ///< refines that of its first link
  std::vector<LinkSpec> links{};
  Emulation emulation = Emulation::engine;  ///< of links that do not say
  bool is_network_whole = true;             ///< false when some of topology, nodes and links could not be understood
  bool are_all_nodes_known = true;          ///< false when there may be more nodes than these
  std::vector<ProcessSpec> processes{};
  std::vector<EventSpec> events{};
  bool operator==(const Scenario&) const = default;
};

struct ParsedScenario {
  Scenario scenario;      ///< with complaints: what could be understood, so that the planner can look at the rest
  Complaints complaints;  ///< sorted by position
};

/// The content of a file that a scenario refers to, by the name that it uses. Throws std::system_error.
using ReadFile = std::function<std::string(const std::string& name)>;

/// Pure but for `read_file`; without one, such references are mistakes. Every mistake is found in one go.
ParsedScenario parse_scenario(const Element& root, const ReadFile& read_file = {});

}  // namespace dummynet::scenario

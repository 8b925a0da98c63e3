#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/core/ready.hpp"
#include "dummynet/net/network_plan.hpp"
#include "dummynet/scenario/complaint.hpp"
#include "dummynet/scenario/scenario.hpp"
#include "dummynet/wire/impairment.hpp"

namespace dummynet::scenario {

struct PlannedDependency {
  std::size_t process = 0;  ///< index into Plan::processes, always a smaller one than the dependent's own
  Condition condition = Condition::started;
  bool operator==(const PlannedDependency&) const = default;
};

struct PlannedProcess {
  std::string name{};
  std::string node{};
  Command command = std::string{};
  bool daemon = false;
  std::optional<Ready> ready{};
  std::vector<PlannedDependency> depends_on{};
  std::optional<std::chrono::nanoseconds> timeout{};
  std::string cwd{};
  std::string user{};
  Environment environment{};  ///< the node's and the process's own
  int exit_code = 0;          ///< expected, unless a signal is
  std::optional<int> signal{};
  std::optional<std::string> out_pattern{};
  std::optional<std::string> err_pattern{};
  std::vector<MetricSpec> metrics{};
  bool operator==(const PlannedProcess&) const = default;
};

/// A link whose packets' fate is decided by somebody. All others are plain veth pairs.
struct PlannedLink {
  std::size_t link = 0;  ///< position in Plan::topology
  Emulation emulation = Emulation::engine;
  std::array<wire::Impairment, 2> directions{};  ///< at the start; first endpoint → second, and back
  bool operator==(const PlannedLink&) const = default;
};

/// What one direction of a link shall do from now on.
struct PlannedChange {
  std::size_t link = 0;       ///< index into Plan::links
  std::size_t direction = 0;  ///< wire::Direction
  wire::Impairment impairment{};
  bool drop_in_flight = false;  ///< what is queued or on the way is lost as well
  bool operator==(const PlannedChange&) const = default;
};
struct PlannedSignal {
  std::size_t process = 0;  ///< index into Plan::processes
  int signal = 0;
  bool operator==(const PlannedSignal&) const = default;
};
struct PlannedEvent {
  std::chrono::nanoseconds at{0};  ///< since the first process that is no daemon was started
  std::string text{};              ///< "link home–server goes down"
  std::vector<PlannedChange> changes{};
  std::optional<PlannedSignal> signal{};
  bool operator==(const PlannedEvent&) const = default;
};

/// What is to be done: names resolved, every process after all that it waits for.
struct Plan {
  std::string name{};
  std::uint64_t seed = 1;
  std::optional<std::chrono::nanoseconds> timeout{};
  std::vector<std::string> nodes{};                   ///< their names
  std::map<std::string, Environment> environments{};  ///< by node, of those that give one: for what runs there
  net::Topology topology{};                           ///< as asked for: the preset's nodes and links, then the file's
  net::NetworkPlan network{};                         ///< what is made of it
  std::vector<PlannedLink> links{};                   ///< ascending
  std::vector<PlannedProcess> processes{};
  std::vector<PlannedEvent> events{};  ///< in the order of their time
  bool operator==(const Plan&) const = default;
};

struct Planned {
  Plan plan;              ///< only to be carried out without complaints
  Complaints complaints;  ///< sorted by position
  Complaints warnings{};  ///< doubts that forbid nothing; the same
};

struct PlanOptions {
  ReadFile read_file{};                  ///< for traces, tables and schedules
  std::optional<Emulation> emulation{};  ///< of all links, whatever the file says
};

/// Does it fit together? Pure.
Planned plan(const Scenario& scenario);

/// From text to plan, with the complaints of all steps at once. Pure but for `read_file`.
Planned read_plan(std::string_view text, const PlanOptions& options = {});

}  // namespace dummynet::scenario

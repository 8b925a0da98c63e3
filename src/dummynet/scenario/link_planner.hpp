#pragma once

#include <optional>
#include <vector>

#include "dummynet/scenario/network_planner.hpp"
#include "dummynet/scenario/planner.hpp"
#include "dummynet/scenario/reader.hpp"

namespace dummynet::scenario {

/// What the file says about this link of the topology, wherever it says so.
FateSpec fate_of(const Scenario& scenario, const ScenarioNetwork& network, std::size_t link);

/// Looks at one direction of a link as it will be; complaints stand where the property in question does, or at `link`.
void check_impairment(Reader& reader, const wire::Impairment& impairment, Emulation emulation,
                      const ImpairmentSpec& spec, Position link);

/// The links that do something to packets from the start, ascending. Pure.
std::vector<PlannedLink> plan_links(Reader& reader, const Scenario& scenario, const ScenarioNetwork& network);

/// What happens when, in the order of time. `links` gets those that only events are about. Pure.
std::vector<PlannedEvent> plan_events(Reader& reader, const Scenario& scenario, const ScenarioNetwork& network,
                                      const std::vector<PlannedProcess>& processes, std::vector<PlannedLink>& links);

}  // namespace dummynet::scenario

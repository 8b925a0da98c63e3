#pragma once

#include <functional>
#include <vector>

#include "dummynet/net/network_plan.hpp"
#include "dummynet/scenario/planner.hpp"

namespace dummynet::scenario {

/// Who decides about each of Plan::links, `automatic` being settled: the kernel where it does exactly what the engine
/// does, now and after all events, and draws no lots. `has_netem` is asked once at most. Pure but for that.
std::vector<Emulation> choose_emulations(const Plan& plan, const std::function<bool()>& has_netem);

/// The plan's network in which just the engine's links are cut. Pure.
net::NetworkPlan cut_links(const Plan& plan, const std::vector<Emulation>& emulations);

}  // namespace dummynet::scenario

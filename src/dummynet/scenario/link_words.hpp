#pragma once

#include <array>
#include <string>
#include <vector>

#include "dummynet/net/network_plan.hpp"
#include "dummynet/scenario/fate_spec.hpp"
#include "dummynet/scenario/planner.hpp"
#include "dummynet/wire/impairment.hpp"

namespace dummynet::scenario {

/// What is done to packets, in short: "20ms ±1ms 10mbit 1%". Of nothing: an empty text.
std::string describe(const wire::Impairment& impairment);
/// Of a link: what both directions have in common comes first, "20ms up 2mbit down 10mbit".
std::string describe(const std::array<wire::Impairment, 2>& directions);
/// What is given, with its keys: "delay 20ms, loss 5%".
std::string describe(const ImpairmentSpec& spec);

/// How much waits before the rate at most: "60p", "64 KiB", "20p by default"; "-" where there is no queue.
std::string describe_queue_limit(const wire::Impairment& impairment);

/// What each link of a plan does to packets at the start, as above. By link of the topology.
std::vector<std::string> describe_links(const Plan& plan);

/// "home–server"; where several links join two nodes, with their interfaces: "home:eth1–server:eth0". By link.
std::vector<std::string> name_links(const net::Topology& topology, const net::NetworkPlan& plan);

/// The interfaces at the ends of each link: "home:eth1", "server:eth0".
std::vector<std::array<std::string, 2>> name_ends(const net::Topology& topology, const net::NetworkPlan& plan);

}  // namespace dummynet::scenario

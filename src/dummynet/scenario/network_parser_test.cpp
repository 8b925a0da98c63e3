#include "dummynet/scenario/network_parser.hpp"

#include <gmock/gmock.h>

#include <string>

#include "dummynet/scenario/planner.hpp"
#include "support/complaints.hpp"

namespace dummynet::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// With a process, so that nothing else is missing.
Planned plan_network(const std::string& network, const std::string& node = "a") {
  return read_plan(network + "\nprocesses: {p: {node: " + node + ", command: x}}\n");
}

std::string network_complaints(const std::string& network) { return test::lines(plan_network(network).complaints); }

TEST(NetworkParser, ReadsEverythingOfANode) {
  const Planned result = plan_network(R"(
nodes:
  a: {addresses: 10.9.9.9/32, sysctls: {net.ipv4.tcp_congestion_control: reno}, routes: {default: 10.0.0.2}}
  b: {kind: nat, outside: c, forwards: {8080: "a:80", udp/53: a}}
  c: {kind: router, routes: {computed: false, default: [10.0.0.5, "fd00::1"]}}
  d: {kind: switch}
links: [{endpoints: [a, b]}, {endpoints: [b, c]}, {endpoints: [c, d]}]
)");
  const net::Topology& topology = result.plan.topology;

  EXPECT_THAT(test::lines(result.complaints),
              HasSubstr("f:5:3: the default route of `c` leads to fd00::1, which is on none"));
  ASSERT_THAT(topology.nodes, SizeIs(4));
  EXPECT_EQ(topology.nodes[0].addresses.at(0).text(), "10.9.9.9/32");
  EXPECT_EQ(topology.nodes[0].sysctls.at("net.ipv4.tcp_congestion_control"), "reno");
  EXPECT_EQ(topology.nodes[1].kind, net::NodeKind::nat_router);
  EXPECT_EQ(topology.nodes[1].outside, "c");
  EXPECT_THAT(topology.nodes[1].forwards, ElementsAre(net::PortForward{net::PortForward::Protocol::tcp, 8080, "a", 80},
                                                      net::PortForward{net::PortForward::Protocol::udp, 53, "a", 0}));
  EXPECT_FALSE(topology.nodes[2].compute_routes);
  EXPECT_THAT(topology.nodes[2].default_routes, SizeIs(2));
  EXPECT_EQ(topology.nodes[3].kind, net::NodeKind::bridge);
}

TEST(NetworkParser, ReadsEverythingOfALink) {
  const Planned result = plan_network(R"(
nodes: {a: , b: }
links:
  - endpoints: [{node: a, interface: wan, addresses: [10.1.0.1/24, "fd01::1/64"], mac: "02:00:00:00:00:01"}, "b:lan"]
    mtu: 1400
  - {kind: vlan, id: 7, subnet: 10.7.0.0/29, endpoints: [{node: "a:seven", parent: wan}, b]}
)");
  const net::Topology& topology = result.plan.topology;

  EXPECT_EQ(test::lines(result.complaints), "");
  ASSERT_THAT(topology.links, SizeIs(2));
  EXPECT_EQ(topology.links[0].first.interface, "wan");
  EXPECT_THAT(topology.links[0].first.addresses, SizeIs(2));
  EXPECT_EQ(topology.links[0].first.mac->text(), "02:00:00:00:00:01");
  EXPECT_EQ(topology.links[0].second.interface, "lan");
  EXPECT_EQ(topology.links[0].mtu, 1400U);
  EXPECT_EQ(topology.links[1].kind, net::LinkKind::vlan);
  EXPECT_EQ(topology.links[1].id, 7U);
  EXPECT_EQ(topology.links[1].subnet->text(), "10.7.0.0/29");
  EXPECT_EQ(topology.links[1].first_parent, "wan");
  EXPECT_EQ(result.plan.network.interfaces.at(2).name, "seven");
}

TEST(NetworkParser, ChoosesTheFamiliesAskedFor) {
  const auto addresses = [](const std::string& addressing) {
    const Planned result =
        plan_network("addressing: " + addressing + "\nnodes: {a: , b: }\nlinks: [{endpoints: [a, b]}]");
    std::vector<std::string> all;
    for (const auto& address : result.plan.network.interfaces.at(0).addresses) all.push_back(address.text());
    return all;
  };
  EXPECT_THAT(addresses("ipv4"), ElementsAre("10.0.0.1/30"));
  EXPECT_THAT(addresses("ipv6"), ElementsAre("fd00:d44:1ee7::1/64"));
  EXPECT_THAT(addresses("dual"), ElementsAre("10.0.0.1/30", "fd00:d44:1ee7::1/64"));
  EXPECT_THAT(network_complaints("addressing: ip6\nnodes: {a: }"),
              HasSubstr("f:1:13: unknown addressing `ip6`; there are `ipv4`, `ipv6`, `dual`; did you mean `ipv6`?"));
}

TEST(NetworkParser, MakesPresetsAndMore) {
  const Planned result = plan_network(R"(
topology: {star: 1000}
nodes: {h1: {environment: {ROLE: first}}, hub: {addresses: 10.0.3.254/22}, extra: {kind: router}}
links: [{endpoints: [extra, hub]}]
)",
                                      "h1");

  EXPECT_EQ(test::lines(result.complaints), "");
  EXPECT_THAT(result.plan.topology.nodes, SizeIs(1002));
  EXPECT_THAT(result.plan.topology.links, SizeIs(1001));
  EXPECT_EQ(result.plan.topology.nodes.at(0).kind, net::NodeKind::bridge);
  EXPECT_EQ(result.plan.processes.at(0).environment.at("ROLE"), "first");
}

TEST(NetworkParser, KnowsAllPresets) {
  const auto count = [](const std::string& preset) {
    const Planned result = plan_network("topology: " + preset, "h1");
    EXPECT_EQ(test::lines(result.complaints), "") << preset;
    return result.plan.network.nodes.size();
  };
  EXPECT_EQ(count("{line: 3}"), 6U);
  EXPECT_EQ(count("{ring: 4}"), 8U);
  EXPECT_EQ(count("{mesh: 3}"), 6U);
  EXPECT_EQ(count("{star: 4, hub: router}"), 5U);
  EXPECT_EQ(count("{tree: {depth: 2, fanout: 3}}"), 13U);
  EXPECT_THAT(plan_network("topology: {dumbbell: {left: 1, right: 2}}", "left1").complaints, IsEmpty());
}

TEST(NetworkParser, ComplainsAboutPresets) {
  EXPECT_EQ(network_complaints("topology: {sta: 3}"),
            "f:1:11: `topology` names none; write e.g. `topology: {star: 10}`\n"
            "f:1:12: unknown key `sta` of `topology`; did you mean `star`?");
  EXPECT_EQ(test::lines(plan_network("topology: {star: 3, ring: 4}", "h1").complaints),
            "f:1:21: `topology` is one of `star` and `ring`, not both");
  EXPECT_THAT(network_complaints("topology: {ring: 3, hub: router}"), HasSubstr("f:1:21: only a `star` has a `hub`"));
  EXPECT_THAT(network_complaints("topology: {star: 3, hub: bridge}"), HasSubstr("unknown hub `bridge`"));
  EXPECT_THAT(network_complaints("topology: {star: 0}"), HasSubstr("f:1:18: `star` must be a whole number from 1"));
  EXPECT_THAT(network_complaints("topology: {star: 5000}"),
              HasSubstr("which has no more ports (a router has): from 1 to 1023"));
  EXPECT_THAT(network_complaints("topology: {tree: {depth: 2}}"), HasSubstr("`tree` needs `fanout`"));
  EXPECT_THAT(network_complaints("topology: 5"), HasSubstr("`topology` must be a map"));
}

TEST(NetworkParser, PointsAtWhatIsWrong) {
  EXPECT_EQ(network_complaints("nodes: {a: {kind: ruter}, b: {addresses: 10.0.0.1}}"),
            "f:1:19: unknown kind `ruter`; there are `host`, `router`, `nat`, `switch`; did you mean `router`?\n"
            "f:1:42: `10.0.0.1` lacks the length of its subnet; write e.g. `10.0.0.1/24`");
  EXPECT_EQ(network_complaints("nodes: {a: {forwards: {0: b, 80: 'b:', udp/5x: b}}, b: }"),
            "f:1:24: `0` is no port to forward; write `8080` (tcp), `tcp/8080` or `udp/53`\n"
            "f:1:34: `b:` is nowhere to forward to; write `node` or `node:port`\n"
            "f:1:40: `udp/5x` is no port to forward; write `8080` (tcp), `tcp/8080` or `udp/53`");
  const auto link = [](const std::string& keys) {
    return network_complaints("nodes: {a: , b: }\nlinks: [{endpoints: [a, b], " + keys + "}]");
  };
  EXPECT_EQ(link("mtu: 10"), "f:2:9: an MTU is from 68 to 65535 bytes, not 10");
  EXPECT_EQ(link("kind: vlna"),
            "f:2:35: unknown kind `vlna`; there are `veth`, `vlan`, `vxlan`, `macvlan`; did you mean "
            "`vlan`?");
  EXPECT_EQ(link("subnet: 10.0.0.1/24"), "f:2:37: `10.0.0.1/24` is an address in the subnet `10.0.0.0/24`");
  EXPECT_EQ(link("subnet: 10.0.0.0"), "f:2:37: `10.0.0.0` is no subnet; write e.g. `10.1.0.0/24`");
  EXPECT_EQ(network_complaints("nodes: {a: , b: }\nlinks: [{endpoints: [a, {node: b, mac: 'ff:ff:ff:ff:ff:ff'}]}]"),
            "f:2:40: `ff:ff:ff:ff:ff:ff` is no MAC address of an interface; write e.g. `02:00:00:00:00:01`");
  EXPECT_EQ(network_complaints("nodes: {a: , b: }\nlinks: [{endpoints: [{interface: x}, b]}]"),
            "f:2:22: an endpoint without `node`");
  EXPECT_EQ(
      network_complaints("nodes: {a: {kind: nat}, b: }\nlinks: [{endpoints: [a, b]}]"),
      "f:1:9: the NAT router `a` has no router next to it that could be its outside; name a node or one of `eth0` as "
      "`outside`");
}

TEST(NetworkParser, DoesNotRepeatAMistakeAsAnother) {
  EXPECT_EQ(network_complaints("nodes: {a: {kind: nat}, b: }\nlinks: [{endpoint: [a, b]}]"),
            "f:2:9: a link without `endpoints`; add e.g. `endpoints: [client, server]`\n"
            "f:2:10: unknown key `endpoint` of a link; did you mean `endpoints`?");
  EXPECT_EQ(network_complaints("topology: {star: x}\nlinks: [{endpoints: [h1, a]}]"),
            "f:1:18: `star` must be a whole number from 1 to 4294967295");
}

TEST(NetworkParser, WarnsWithoutComplaining) {
  const Planned result = plan_network("nodes: {a: , b: , c: }\nlinks: [{endpoints: [a, b]}]");

  EXPECT_THAT(result.complaints, IsEmpty());
  EXPECT_EQ(test::lines(result.warnings),
            "f:1:19: no links lead from `c` to the other nodes: they cannot reach each other");
}

}  // namespace
}  // namespace dummynet::scenario

#include "dummynet/net/network_plan.hpp"

#include <gmock/gmock.h>

#include <array>

#include "support/network_test.hpp"

namespace dummynet::net {
namespace {

using test::node;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// "a" or "a:eth0"
EndpointSpec at(const std::string& text) {
  EndpointSpec end;
  end.node = text.substr(0, text.find(':'));
  if (end.node.size() < text.size()) end.interface = text.substr(end.node.size() + 1);
  return end;
}

LinkSpec link(const std::string& first, const std::string& second, LinkKind kind = LinkKind::veth, unsigned id = 0) {
  LinkSpec spec;
  spec.kind = kind;
  spec.first = at(first);
  spec.second = at(second);
  spec.id = id;
  return spec;
}

EndpointSpec at(const std::string& text, const std::string& address) {
  EndpointSpec end = at(text);
  end.addresses.push_back(InterfaceAddress::parse(address).value());
  return end;
}

NetworkPlan planned(const Topology& topology) {
  PlannedNetwork result = plan_network(topology);
  for (const auto& complaint : result.complaints) EXPECT_TRUE(complaint.is_warning) << complaint.message;
  return std::move(result.plan);
}

std::vector<std::string> complaints(const Topology& topology) {
  std::vector<std::string> all;
  for (const TopologyComplaint& one : plan_network(topology).complaints) {
    constexpr std::array<const char*, 5> kPlaces{"network", "node", "link", "first", "second"};
    all.push_back(std::string{one.is_warning ? "warning " : ""} + kPlaces.at(static_cast<std::size_t>(one.place)) +
                  ' ' + std::to_string(one.index) + ": " + one.message);
  }
  return all;
}

/// "a:eth0 10.0.0.1/30", by position.
std::vector<std::string> addresses(const NetworkPlan& plan) {
  std::vector<std::string> all;
  for (const PlannedInterface& one : plan.interfaces) {
    std::string text = plan.nodes[one.node].name + ':' + one.name;
    for (const InterfaceAddress& address : one.addresses) text += ' ' + address.text();
    all.push_back(text);
  }
  return all;
}

std::vector<std::string> routes(const NetworkPlan& plan, const std::string& name) {
  std::vector<std::string> all;
  for (const PlannedRoute& route : plan.routes) {
    if (plan.nodes[route.node].name != name) continue;
    all.push_back((route.destination.length == 0 ? "default" : route.destination.text()) + " via " + route.via.text() +
                  " dev " + plan.interfaces[route.interface].name);
  }
  return all;
}

TEST(NetworkPlan, GivesEachCableAPairOfAddresses) {
  const NetworkPlan plan = planned({{node("a"), node("b"), node("c")}, {link("a", "b"), link("b", "c")}});

  EXPECT_THAT(addresses(plan),
              ElementsAre("a:eth0 10.0.0.1/30", "b:eth0 10.0.0.2/30", "b:eth1 10.0.0.5/30", "c:eth0 10.0.0.6/30"));
  EXPECT_EQ(plan.interfaces[0].peer, 1U);
  EXPECT_EQ(plan.interfaces[1].peer, 0U);
  EXPECT_NE(plan.interfaces[0].index, plan.interfaces[1].index);
  EXPECT_THAT(plan.routes, IsEmpty());
}

TEST(NetworkPlan, NeverTakesANameThatIsAskedForLater) {
  const NetworkPlan plan =
      planned({{node("a"), node("b"), node("c")}, {link("a", "b"), link("a:eth0", "c:wan"), link("a", "c")}});

  EXPECT_THAT(addresses(plan), ElementsAre("a:eth1 10.0.0.1/30", "b:eth0 10.0.0.2/30", "a:eth0 10.0.0.5/30",
                                           "c:wan 10.0.0.6/30", "a:eth2 10.0.0.9/30", "c:eth0 10.0.0.10/30"));
}

TEST(NetworkPlan, GivesASwitchOneSubnetForAll) {
  Topology topology{{node("hub", NodeKind::bridge), node("h1"), node("h2"), node("h3")},
                    {link("hub", "h1"), link("hub", "h2"), link("h3", "hub")}};
  topology.families = {IpFamily::v4, IpFamily::v6};

  const NetworkPlan plan = planned(topology);

  EXPECT_THAT(addresses(plan), ElementsAre("hub:br0", "hub:eth0", "h1:eth0 10.0.0.1/29 fd00:d44:1ee7::1/64", "hub:eth1",
                                           "h2:eth0 10.0.0.2/29 fd00:d44:1ee7::2/64",
                                           "h3:eth0 10.0.0.3/29 fd00:d44:1ee7::3/64", "hub:eth2"));
  EXPECT_EQ(plan.interfaces[0].kind, InterfaceKind::bridge);
  EXPECT_EQ(plan.interfaces[1].bridge, 0U);
}

TEST(NetworkPlan, KeepsChosenAddressesClearOfGivenOnes) {
  Topology topology{{node("a"), node("b"), node("c")}, {link("a", "b"), link("b", "c"), link("c", "a")}};
  topology.links[0].first = at("a", "10.0.0.5/30");
  topology.links[1].subnet = Subnet::parse("10.0.0.8/29");
  topology.nodes[2].addresses = {InterfaceAddress::parse("10.0.0.1/32").value()};

  const NetworkPlan plan = planned(topology);

  EXPECT_THAT(addresses(plan), ElementsAre("a:eth0 10.0.0.5/30", "b:eth0 10.0.0.6/30", "b:eth1 10.0.0.9/29",
                                           "c:eth0 10.0.0.10/29", "c:eth1 10.0.0.17/30", "a:eth1 10.0.0.18/30"));
}

TEST(NetworkPlan, RoutesOverTheWholeTopology) {
  // h1 - r1 - r2 - h2, and another way from r1 to r2 through r3
  const NetworkPlan plan =
      planned({{node("h1"), node("r1", NodeKind::router), node("r2", NodeKind::router), node("r3", NodeKind::router),
                node("h2")},
               {link("h1", "r1"), link("r1", "r2"), link("r2", "h2"), link("r1", "r3"), link("r3", "r2")}});

  EXPECT_THAT(routes(plan, "h1"), ElementsAre("default via 10.0.0.2 dev eth0"));
  EXPECT_THAT(routes(plan, "r1"),
              ElementsAre("10.0.0.8/30 via 10.0.0.6 dev eth1", "10.0.0.16/30 via 10.0.0.14 dev eth2"));
  EXPECT_THAT(routes(plan, "r3"),
              ElementsAre("10.0.0.0/30 via 10.0.0.13 dev eth0", "10.0.0.4/30 via 10.0.0.13 dev eth0",
                          "10.0.0.8/30 via 10.0.0.18 dev eth1"));
}

TEST(NetworkPlan, HidesWhatIsBehindNat) {
  Topology topology{{node("laptop"), node("lan", NodeKind::bridge), node("home", NodeKind::nat_router),
                     node("isp", NodeKind::router), node("server")},
                    {link("laptop", "lan"), link("lan", "home:lan"), link("home:wan", "isp"), link("isp", "server")}};
  topology.nodes[2].forwards = {{PortForward::Protocol::tcp, 8080, "laptop", 80}};

  const NetworkPlan plan = planned(topology);

  ASSERT_EQ(plan.nats.size(), 1U);
  EXPECT_EQ(plan.interfaces[plan.nats[0].outside].name, "wan");
  ASSERT_EQ(plan.nats[0].forwards.size(), 1U);
  EXPECT_EQ(plan.nats[0].forwards[0].to.text(), "10.0.0.1");
  EXPECT_EQ(plan.nats[0].forwards[0].to_port, 80);
  EXPECT_THAT(routes(plan, "laptop"), ElementsAre("default via 10.0.0.2 dev eth0"));
  EXPECT_THAT(routes(plan, "home"), ElementsAre("default via 10.0.0.6 dev wan"));
  EXPECT_THAT(routes(plan, "isp"), IsEmpty());
  EXPECT_THAT(routes(plan, "server"), ElementsAre("default via 10.0.0.9 dev eth0"));
}

TEST(NetworkPlan, SendsRoutersInsideToTheNat) {
  Topology topology{{node("a"), node("inner", NodeKind::router), node("nat", NodeKind::nat_router),
                     node("isp", NodeKind::router), node("far", NodeKind::router)},
                    {link("a", "inner"), link("inner", "nat"), link("nat:wan", "isp"), link("isp", "far")}};
  EXPECT_THAT(complaints(topology), ElementsAre("node 2: the NAT router `nat` has routers on several links; say by "
                                                "`outside` which of `eth0`, `wan` leads out"));
  topology.nodes[2].outside = "isp";

  const NetworkPlan plan = planned(topology);

  EXPECT_THAT(routes(plan, "inner"), ElementsAre("default via 10.0.0.6 dev eth1"));
  EXPECT_THAT(routes(plan, "nat"), ElementsAre("10.0.0.0/30 via 10.0.0.5 dev eth0", "default via 10.0.0.10 dev wan"));
  EXPECT_THAT(routes(plan, "far"), ElementsAre("10.0.0.8/30 via 10.0.0.13 dev eth0"));
}

TEST(NetworkPlan, JoinsVlansOfOneIdOverASwitch) {
  const NetworkPlan plan =
      planned({{node("s", NodeKind::bridge), node("a"), node("b"), node("c")},
               {link("s", "a"), link("s", "b"), link("s", "c"), link("a:red", "b:red", LinkKind::vlan, 10),
                link("b", "c:red", LinkKind::vlan, 10), link("a:blue", "c:blue", LinkKind::vlan, 20)}});

  EXPECT_THAT(addresses(plan), ElementsAre("s:br0", "s:eth0", "a:eth0 10.0.0.1/29", "s:eth1", "b:eth0 10.0.0.2/29",
                                           "s:eth2", "c:eth0 10.0.0.3/29", "a:red 10.0.0.9/29", "b:red 10.0.0.10/29",
                                           "c:red 10.0.0.11/29", "a:blue 10.0.0.17/30", "c:blue 10.0.0.18/30"));
  EXPECT_EQ(plan.interfaces[7].parent, 2U);
  EXPECT_EQ(plan.interfaces[7].id, 10U);
}

TEST(NetworkPlan, PutsMacvlansOnTheSegmentOfTheirParent) {
  const NetworkPlan plan =
      planned({{node("a"), node("b"), node("c")}, {link("a", "b"), link("a:eth0", "c", LinkKind::macvlan)}});

  EXPECT_THAT(addresses(plan), ElementsAre("a:eth0 10.0.0.1/29", "b:eth0 10.0.0.2/29", "c:eth0 10.0.0.3/29"));
  EXPECT_EQ(plan.interfaces[2].node, 2U);
  EXPECT_EQ(plan.interfaces[2].parent, 0U);
}

TEST(NetworkPlan, RunsTunnelsOverWhatJoinsTheNodes) {
  Topology topology{{node("a"), node("r", NodeKind::router), node("b")},
                    {link("a", "b:vx", LinkKind::vxlan, 42), link("a", "r"), link("r", "b")}};
  topology.links[2].mtu = 1400;

  const NetworkPlan plan = planned(topology);

  const PlannedInterface& tunnel = plan.interfaces[4];
  EXPECT_EQ(tunnel.kind, InterfaceKind::vxlan);
  EXPECT_EQ(tunnel.local->text(), "10.0.0.5");
  EXPECT_EQ(tunnel.remote->text(), "10.0.0.10");
  EXPECT_EQ(tunnel.mtu, 1350U);
  EXPECT_THAT(routes(plan, "a"), ElementsAre("default via 10.0.0.6 dev eth0"));
}

TEST(NetworkPlan, NeverSeeksATunnelsWayInsideIt) {
  Topology topology{
      {node("a", NodeKind::router), node("r1", NodeKind::router), node("r2", NodeKind::router),
       node("b", NodeKind::router), node("h")},
      {link("a", "r1"), link("r1", "r2"), link("r2", "b"), link("a:t", "b:t", LinkKind::vxlan, 1), link("b", "h")}};

  for (const std::string& route : routes(planned(topology), "a")) EXPECT_THAT(route, HasSubstr("dev eth0"));
}

TEST(NetworkPlan, TakesGivenDefaultRoutes) {
  Topology topology{
      {node("a"), node("r1", NodeKind::router), node("r2", NodeKind::router), node("s", NodeKind::bridge)},
      {link("a", "s"), link("r1", "s"), link("r2", "s")}};
  topology.nodes[0].default_routes = {IpAddress::parse("10.0.0.3").value()};

  EXPECT_THAT(routes(planned(topology), "a"), ElementsAre("default via 10.0.0.3 dev eth0"));
  topology.nodes[0].default_routes = {IpAddress::parse("10.0.1.3").value()};
  EXPECT_THAT(complaints(topology),
              ElementsAre("node 0: the default route of `a` leads to 10.0.1.3, which is on none of "
                          "its subnets: it has 10.0.0.0/29"));
}

TEST(NetworkPlan, ComplainsAboutNames) {
  EXPECT_THAT(complaints({{node("a"), node("A"), node("x y")}, {link("a", "bb"), link("a", "a"), link("x y", "a:lo")}}),
              ElementsAre("node 1: the nodes `a` and `A` have the same host name", HasSubstr("node 2: node name 'x y'"),
                          "second 0: unknown node `bb`", "second 1: this link joins `a` to itself",
                          HasSubstr("second 2: interface name 'lo' has a meaning of its own")));
  EXPECT_THAT(complaints({{node("client"), node("server")}, {link("client", "sever")}}),
              ElementsAre("second 0: unknown node `sever`; did you mean `server`?"));
  EXPECT_THAT(complaints({{node("a"), node("b")}, {link("a:x", "b"), link("a:x", "b")}}),
              ElementsAre("first 1: the node `a` already has an interface `x`"));
}

TEST(NetworkPlan, ComplainsAboutAddresses) {
  Topology topology{{node("a"), node("b"), node("c")}, {link("a", "b"), link("b", "c"), link("c", "a")}};
  topology.links[0].first = at("a", "10.1.0.1/24");
  topology.links[0].second = at("b", "10.1.0.1/24");
  topology.links[1].first = at("b", "10.1.0.200/25");
  topology.links[2].first = at("c", "10.2.0.0/24");
  topology.links[2].second = at("a", "127.0.0.1/8");

  EXPECT_THAT(
      complaints(topology),
      ElementsAre("second 0: 10.1.0.1 is given twice: `a:eth0` has it already",
                  "first 2: 10.2.0.0/24 cannot be an address: it is the name of its subnet; take one behind it",
                  "second 2: 127.0.0.1/8 cannot be an address: it is every node's loopback",
                  "first 1: 10.1.0.128/25 of `b:eth1` overlaps with 10.1.0.0/24 of `a:eth0`: each segment needs "
                  "a subnet of its own"));
}

TEST(NetworkPlan, ComplainsAboutSubnetsThatAreTooSmall) {
  Topology topology{{node("s", NodeKind::bridge), node("a"), node("b"), node("c")},
                    {link("s", "a"), link("s", "b"), link("s", "c")}};
  topology.links[1].subnet = Subnet::parse("10.0.0.0/30");
  EXPECT_THAT(complaints(topology), ElementsAre("link 0: the subnet 10.0.0.0/30 has 2 addresses, but 3 interfaces need "
                                                "one; give a larger one"));
  topology.links[2].subnet = Subnet::parse("10.0.1.0/24");
  EXPECT_THAT(complaints(topology), Contains(HasSubstr("link 2: 10.0.1.0/24 overlaps")).Times(0));
  EXPECT_THAT(complaints(topology),
              Contains("link 2: 10.0.1.0/24 is not 10.0.0.0/30, which another link of the same segment gives"));
}

TEST(NetworkPlan, ComplainsAboutNumbers) {
  Topology topology{{node("a"), node("b")},
                    {link("a", "b"), link("a", "b", LinkKind::vlan, 5000), link("a", "b", LinkKind::vxlan, 1U << 24U),
                     link("a", "b", LinkKind::vlan, 7)}};
  topology.links[0].mtu = 67;
  topology.links[3].mtu = 9000;
  topology.links[3].second.interface = "way-too-long-name";
  topology.nodes[0].sysctls = {{"kernel.hostname", "x"}, {"net.ipv4.ip_forward", "1\n"}};
  const auto found = complaints(topology);

  EXPECT_THAT(found, Contains(HasSubstr("node 0: the sysctl `kernel.hostname` does not begin with `net.`")));
  EXPECT_THAT(found, Contains(HasSubstr("the sysctl `net.ipv4.ip_forward` is more than one line")));
  EXPECT_THAT(found, Contains("link 0: an MTU is from 68 to 65535 bytes, not 67"));
  EXPECT_THAT(found, Contains("link 1: a vlan id is from 1 to 4094, not 5000"));
  EXPECT_THAT(found, Contains("link 2: the id of a vxlan is from 1 to 16777215, not 16777216"));
  EXPECT_THAT(found, Contains(HasSubstr("second 3: interface name 'way-too-long-name' is longer than 15")));
}

TEST(NetworkPlan, ComplainsAboutParents) {
  Topology topology{{node("a"), node("b"), node("s", NodeKind::bridge), node("c")},
                    {link("a", "s"), link("b", "s"), link("a", "c"), link("a", "b", LinkKind::vlan, 3),
                     link("a", "s", LinkKind::vlan, 4), link("b:eth7", "c", LinkKind::macvlan)}};
  EXPECT_THAT(complaints(topology),
              ElementsAre("first 3: `a` has 2 interfaces that this link could stand on: name one as its parent",
                          HasSubstr("second 4: `s` is a switch, which hands tagged frames on"),
                          HasSubstr("first 5: `b` has no interface `eth7` for this link to stand on")));
  topology.links.resize(4);
  topology.links[3].first_parent = "eth1";
  EXPECT_THAT(complaints(topology),
              ElementsAre("link 3: this vlan stands on `a:eth1` and `b:eth0`, which are not joined "
                          "by links of their own"));
  topology.links[3].first_parent = "eth0";
  topology.links[3].mtu = 1501;
  EXPECT_THAT(complaints(topology), Contains(HasSubstr("link 3: an MTU of 1501 is more than the 1500 of `a:eth0`")));
}

TEST(NetworkPlan, ComplainsAboutNat) {
  Topology topology{{node("in"), node("nat", NodeKind::nat_router), node("out")},
                    {link("in", "nat"), link("nat", "out")}};
  EXPECT_THAT(complaints(topology), ElementsAre(HasSubstr("node 1: the NAT router `nat` has no router next to it that "
                                                          "could be its outside")));
  topology.nodes[1].outside = "eth7";
  EXPECT_THAT(complaints(topology),
              ElementsAre("node 1: the NAT router `nat` has no link to its outside `eth7`; did you "
                          "mean `eth0`?"));
  topology.nodes[1].outside = "out";
  topology.nodes[1].forwards = {{.port = 80, .node = "in"}, {.port = 80, .node = "out"}, {.port = 0, .node = "inn"}};
  EXPECT_THAT(complaints(topology),
              ElementsAre("node 1: `nat` cannot forward tcp port 80: it forwards this port already",
                          "node 1: `nat` cannot forward tcp port 80: `out` is not inside",
                          "node 1: `nat` cannot forward tcp port 0: ports are from 1 to 65535",
                          "node 1: `nat` cannot forward tcp port 0: unknown node `inn`; did you mean `in`?"));
}

TEST(NetworkPlan, ComplainsAboutLoopsOfSwitches) {
  const Topology topology{{node("a", NodeKind::bridge), node("b", NodeKind::bridge), node("c", NodeKind::bridge)},
                          {link("a", "b"), link("b", "c"), link("c", "a")}};
  EXPECT_THAT(complaints(topology), ElementsAre(HasSubstr("link 2: this link closes a loop of switches")));
}

TEST(NetworkPlan, WarnsOfWhatNobodyReaches) {
  EXPECT_THAT(complaints({{node("a"), node("b"), node("c"), node("d"), node("e")}, {link("a", "b"), link("d", "e")}}),
              ElementsAre("warning node 2: no links lead from `c` to the other nodes: they cannot reach each other",
                          HasSubstr("warning node 3: no links lead from `d` and 1 more")));
  EXPECT_THAT(complaints({{node("a"), node("b")}, {}}), IsEmpty());
}

TEST(NetworkPlan, KnowsHowManyPortsASwitchHas) {
  Topology topology{{node("hub", NodeKind::bridge)}, {}};
  for (int i = 0; i < 1024; ++i) {
    topology.nodes.push_back(node("h" + std::to_string(i)));
    topology.links.push_back(link("hub", topology.nodes.back().name));
  }
  EXPECT_THAT(complaints(topology), ElementsAre(HasSubstr("node 0: the switch `hub` has 1024 ports; Linux bridges have "
                                                          "at most 1023")));
  topology.links.pop_back();
  topology.nodes.pop_back();
  EXPECT_THAT(complaints(topology), IsEmpty());
}

TEST(NetworkPlan, SurvivesHostileNames) {
  Topology topology{{node("../x"), node(";rm -rf /"), node("a\nb"), node("ä"), node(std::string(300, 'x')), node("")},
                    {}};
  for (const NodeSpec& one : topology.nodes) topology.links.push_back(link("a", one.name));
  for (const std::string& text : complaints(topology)) {
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_LT(text.size(), 250U);
  }
  EXPECT_EQ(complaints(topology).size(), 6U + 6U);
}

}  // namespace
}  // namespace dummynet::net

// Every kind of node and link, carried out.
#include <gtest/gtest.h>

#include <system_error>

#include "dummynet/net/network.hpp"
#include "support/monitor_test.hpp"
#include "support/network_test.hpp"

namespace dummynet::net {
namespace {

using test::end;
using test::link;
using test::node;

class NetworkKindsTest : public test::NetworkTest {
 protected:
  void SetUp() override {
    test::NetworkTest::SetUp();
    if (!IsSkipped() && !has_program("ping")) GTEST_SKIP() << "no ping(8) here";
  }
  /// False where this kernel was built without such links.
  static bool try_up(Network& network) {
    try {
      network.up();
      return true;
    } catch (const std::system_error& error) {
      if (error.code().value() != EOPNOTSUPP) throw;
      return false;
    }
  }
};

Topology chain(const std::vector<IpFamily>& families) {
  Topology topology;
  topology.families = families;
  topology.nodes = {node("client"), node("r1", NodeKind::router), node("r2", NodeKind::router), node("server")};
  topology.links = {link(end("client"), end("r1")), link(end("r1"), end("r2")), link(end("r2"), end("server"))};
  return topology;
}

TEST_F(NetworkKindsTest, RoutersForwardBothFamilies) {
  Network network{monitor_, chain(test::kBothFamilies)};
  network.up();

  EXPECT_TRUE(succeeds(network, "client", ping(network.address("server"))));
  EXPECT_TRUE(succeeds(network, "client", ping(network.address("server", IpFamily::v6))));
  EXPECT_TRUE(succeeds(network, "server", ping(network.address("client", IpFamily::v6))));
}

TEST_F(NetworkKindsTest, Ipv6AddressesWorkAtOnce) {
  Network network{monitor_, chain(test::kBothFamilies)};
  network.up();

  // Flags, the fifth column: 40 is tentative, 80 permanent, 02 without duplicate detection.
  const std::string flags = output(network, "r1", "awk '$6 != \"lo\" {print $5}' /proc/net/if_inet6 | sort -u | xargs");
  EXPECT_TRUE(flags == "80 82\n" || flags == "82\n") << flags;
  EXPECT_EQ(output(network, "r1", "grep -c fe80 /proc/net/if_inet6"), "2\n");
}

TEST_F(NetworkKindsTest, NobodyHearsOfIpv6WhereItIsNotUsed) {
  Topology topology = chain({IpFamily::v4});
  topology.nodes[3].sysctls = {{"net.ipv6.conf.default.disable_ipv6", "0"}};
  Network network{monitor_, topology};
  network.up();

  EXPECT_EQ(output(network, "client", "awk '{print $6}' /proc/net/if_inet6"), "lo\n");
  EXPECT_EQ(output(network, "server", "awk '{print $6}' /proc/net/if_inet6 | sort | xargs"), "eth0 lo\n");
}

TEST_F(NetworkKindsTest, ABridgeJoinsItsLinksToOneSegment) {
  Topology topology;
  topology.families = test::kBothFamilies;
  topology.nodes = {node("a"), node("switch", NodeKind::bridge), node("b"), node("c")};
  topology.links = {link(end("a"), end("switch")), link(end("switch"), end("b")), link(end("c"), end("switch"))};
  Network network{monitor_, topology};
  network.up();

  EXPECT_TRUE(succeeds(network, "a", ping(network.address("b"))));
  EXPECT_TRUE(succeeds(network, "c", ping(network.address("a", IpFamily::v6))));
  EXPECT_EQ(output(network, "switch", "cat /proc/net/if_inet6 | grep -v ' lo$' | wc -l"), "0\n");
}

TEST_F(NetworkKindsTest, ATunnelCarriesEthernetOverRouters) {
  Topology topology = chain({IpFamily::v4});
  topology.links.push_back(
      link(end("client:tun", {"172.16.0.1/24"}), end("server:tun", {"172.16.0.2/24"}), LinkKind::vxlan, 42));
  Network network{monitor_, topology};
  if (!try_up(network)) GTEST_SKIP() << "this kernel has no vxlan";

  EXPECT_TRUE(succeeds(network, "client", ping("172.16.0.2")));
  EXPECT_EQ(output(network, "client", "cat /sys/class/net/tun/mtu"), "1450\n");
}

TEST_F(NetworkKindsTest, AVlanStandsOnALink) {
  Topology topology;
  topology.nodes = {node("a"), node("b")};
  topology.links = {link(end("a"), end("b")),
                    link(end("a", {"172.16.0.1/24"}), end("b", {"172.16.0.2/24"}), LinkKind::vlan, 7)};
  Network network{monitor_, topology};
  if (!try_up(network)) GTEST_SKIP() << "this kernel has no vlan";

  EXPECT_TRUE(succeeds(network, "a", ping("172.16.0.2")));
}

TEST_F(NetworkKindsTest, AMacvlanGivesAnotherNodeAPlaceOnALink) {
  Topology topology;
  topology.nodes = {node("a"), node("b"), node("guest")};
  topology.links = {link(end("a", {"10.1.0.1/24"}), end("b", {"10.1.0.2/24"})),
                    link(end("a"), end("guest", {"10.1.0.3/24"}), LinkKind::macvlan)};
  Network network{monitor_, topology};
  if (!try_up(network)) GTEST_SKIP() << "this kernel has no macvlan";

  EXPECT_TRUE(succeeds(network, "guest", ping("10.1.0.2")));
}

TEST_F(NetworkKindsTest, InterfacesAreAsTheyWereGiven) {
  Topology topology;
  topology.nodes = {node("a"), node("b")};
  topology.nodes[0].addresses = {InterfaceAddress::parse("10.9.9.9/32").value()};
  topology.links = {link(end("a:wan"), end("b"))};
  topology.links[0].mtu = 9000;
  topology.links[0].first.mac = MacAddress::parse("02:00:00:00:00:17");
  topology.links[0].second.mac = MacAddress::parse("02:00:00:00:00:18");
  Network network{monitor_, topology};
  network.up();

  EXPECT_EQ(output(network, "a", "cat /sys/class/net/wan/mtu /sys/class/net/wan/address"), "9000\n02:00:00:00:00:17\n");
  EXPECT_EQ(output(network, "b", "cat /sys/class/net/eth0/mtu /sys/class/net/eth0/address"),
            "9000\n02:00:00:00:00:18\n");
  EXPECT_TRUE(succeeds(network, "a", ping("10.9.9.9")));
}

TEST_F(NetworkKindsTest, SysctlsAreTheNodesOwn) {
  Topology topology;
  topology.nodes = {node("a"), node("b")};
  topology.nodes[0].sysctls = {{"net.ipv4.ip_default_ttl", "77"}, {"net.ipv4.conf.wan.rp_filter", "2"}};
  topology.links = {link(end("a:wan"), end("b"))};
  Network network{monitor_, topology};
  network.up();

  EXPECT_EQ(output(network, "a", "cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/net/ipv4/conf/wan/rp_filter"),
            "77\n2\n");
  EXPECT_EQ(output(network, "b", "cat /proc/sys/net/ipv4/ip_default_ttl"), "64\n");
}

TEST_F(NetworkKindsTest, NoNameServerIsAskedInvain) {
  Network network{monitor_, chain({IpFamily::v4})};
  network.up();

  EXPECT_EQ(output(network, "client", "cat /etc/resolv.conf 2>/dev/null | wc -c"), "0\n");
}

TEST_F(NetworkKindsTest, ARefusalHalfWayNamesTheObjectAndLeavesNothing) {
  const test::Leftovers leftovers;
  {
    ProcessMonitor monitor{MonitorOptions{.log = {}, .sandbox = true}};
    Topology topology = chain({IpFamily::v4});
    topology.nodes[2].sysctls = {{"net.ipv4.no_such_thing", "1"}};
    Network network{monitor, topology};

    const auto error = test::thrown<std::system_error>([&] { network.up(); });

    EXPECT_EQ(std::string{error.what()},
              "node r2: sysctl net.ipv4.no_such_thing = 1: this kernel has no such setting for a network of its own: "
              "No such file or directory");
    EXPECT_THROW(network.up(), std::logic_error);
    EXPECT_THROW(network.place("client"), std::logic_error);
  }
  EXPECT_EQ(leftovers.found(), "");
}

TEST_F(NetworkKindsTest, TheKernelsOwnWordsAreShown) {
  NetworkPlan plan = plan_network(chain({IpFamily::v4})).plan;
  plan.routes.push_back({1, Subnet::parse("10.7.0.0/16").value(), IpAddress::parse("192.0.2.1").value(), 1});
  Network network{monitor_, plan};

  const std::string text = test::thrown<std::system_error>([&] { network.up(); }).what();

  EXPECT_EQ(text, "r1: route to 10.7.0.0/16 via 192.0.2.1: Nexthop has invalid gateway: Network is unreachable");
}

TEST_F(NetworkKindsTest, ALinkThatWentDownComesBackWithAllItHad) {
  Network network{monitor_, chain(test::kBothFamilies)};
  network.up();
  const std::string far = network.address("server");
  const std::string far6 = network.address("server", IpFamily::v6);

  network.set_link_state({"r1", "eth1"}, false);
  EXPECT_FALSE(succeeds(network, "client", {"ping", "-n", "-c", "1", "-W", "1", far}));
  EXPECT_FALSE(succeeds(network, "client", {"ping", "-n", "-c", "1", "-W", "1", far6}));

  network.set_link_state({"r1", "eth1"}, true);
  EXPECT_TRUE(succeeds(network, "client", ping(far)));
  EXPECT_TRUE(succeeds(network, "client", ping(far6)));
  EXPECT_THROW(network.set_link_state({"r1", "eth9"}, true), std::invalid_argument);
  EXPECT_THROW(network.set_link_state({"r1"}, true), std::invalid_argument);
}

TEST_F(NetworkKindsTest, AllOfItWorksForAnOrdinaryUser) {
  test::as_nobody([] {
    ProcessMonitor monitor{MonitorOptions{.log = {}, .sandbox = true}};
    Topology topology = chain(test::kBothFamilies);
    topology.nodes[0].sysctls = {{"net.ipv4.conf.eth0.rp_filter", "2"}};
    Network network{monitor, topology};
    network.up();
    run_in(monitor, network, "client", ping(network.address("server", IpFamily::v6)));
  });
}

}  // namespace
}  // namespace dummynet::net

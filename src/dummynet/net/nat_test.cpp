#include "dummynet/net/nat.hpp"

#include <gtest/gtest.h>

#include <string_view>

#include "dummynet/net/network.hpp"
#include "support/monitor_test.hpp"
#include "support/network_test.hpp"

namespace dummynet::net {
namespace {

using test::end;
using test::link;
using test::node;

/// inside (10.0.1.2) — home (NAT; outside 192.0.2.1) — server (192.0.2.2), and the same with IPv6.
Topology behind_nat() {
  Topology topology;
  topology.nodes = {node("inside"), node("home", NodeKind::nat_router), node("server")};
  topology.nodes[1].outside = "server";
  topology.nodes[1].forwards = {{PortForward::Protocol::tcp, 80, "inside", 7000}};
  topology.links = {
      link(end("inside", {"10.0.1.2/24", "fd00:1::2/64"}), end("home:lan", {"10.0.1.1/24", "fd00:1::1/64"})),
      link(end("home:wan", {"192.0.2.1/24", "2001:db8::1/64"}), end("server", {"192.0.2.2/24", "2001:db8::2/64"}))};
  // It knows the way inside: only the router's rules keep it out.
  topology.nodes[2].default_routes = {IpAddress::parse("192.0.2.1").value(), IpAddress::parse("2001:db8::1").value()};
  return topology;
}

class NatTest : public test::NetworkTest {
 protected:
  void SetUp() override {
    test::NetworkTest::SetUp();
    if (!IsSkipped() && !(has_program("nc") && has_program("ping"))) GTEST_SKIP() << "no nc(1) or ping(8) here";
  }
  /// nc(1) takes one connection, tells of it and ends with it.
  static ProcessHandle listen(ProcessMonitor& monitor, const Network& network, const std::string& node,
                              const std::string& family) {
    RunOptions options;
    options.place = network.place(node);
    options.ready = Ready::listen(7000);
    const ProcessHandle handle = monitor.run_process_async({"nc", "-v", "-n", family, "-l", "7000"}, options);
    monitor.wait_ready(handle);
    return handle;
  }
  static Command connect(const std::string& address, int port) {
    return {"nc", "-n", "-z", "-w", "3", address, std::to_string(port)};
  }
  /// Waits for the listener's end and returns what it told.
  static std::string told(ProcessMonitor& monitor, const ProcessHandle& listener) {
    test::serve_to_the_end(monitor);
    return std::string{listener->info().err.text()};
  }
  static void expect_masquerade(ProcessMonitor& monitor) {
    Network network{monitor, behind_nat()};
    network.up();
    for (const auto& [family, server, seen] :
         {std::tuple{"-4", "192.0.2.2", "192.0.2.1"}, std::tuple{"-6", "2001:db8::2", "2001:db8::1"}}) {
      run_in(monitor, network, "inside", ping(server));
      const ProcessHandle listener = listen(monitor, network, "server", family);
      run_in(monitor, network, "inside", connect(server, 7000));
      const std::string text = told(monitor, listener);
      EXPECT_NE(text.find(std::string{"received on "} + seen + ' '), text.npos) << text;
    }
  }
};

TEST_F(NatTest, LetsTheInsideOutUnderTheOutsideAddress) { expect_masquerade(monitor_); }

TEST_F(NatTest, WorksForAnOrdinaryUser) {
  test::as_nobody([] {
    ProcessMonitor monitor{MonitorOptions{.log = {}, .sandbox = true}};
    expect_masquerade(monitor);
  });
}

TEST_F(NatTest, KeepsTheOutsideOut) {
  Network network{monitor_, behind_nat()};
  network.up();
  const ProcessHandle listener = listen(monitor_, network, "inside", "-4");

  EXPECT_FALSE(succeeds(network, "server", connect("10.0.1.2", 7000)));
  EXPECT_FALSE(succeeds(network, "server", {"ping", "-n", "-c", "1", "-W", "1", "10.0.1.2"}));
  EXPECT_FALSE(succeeds(network, "server", {"ping", "-n", "-c", "1", "-W", "1", "fd00:1::2"}));
  EXPECT_TRUE(listener->is_running());
  // The router itself can be reached, and whoever is inside reaches the listener.
  EXPECT_TRUE(succeeds(network, "server", ping("192.0.2.1")));
  EXPECT_TRUE(succeeds(network, "home", connect("10.0.1.2", 7000)));
}

TEST_F(NatTest, HandsOnWhatIsForwarded) {
  Network network{monitor_, behind_nat()};
  network.up();
  const ProcessHandle listener = listen(monitor_, network, "inside", "-4");

  run(network, "server", connect("192.0.2.1", 80));

  const std::string text = told(monitor_, listener);
  EXPECT_NE(text.find("received on 192.0.2.2 "), text.npos) << text;
}

TEST_F(NatTest, IgnoresDatagramsToNobody) {
  Network network{monitor_, behind_nat()};
  network.up();

  // Without an ICMP answer, which the second write would meet, nc -u goes on to its end.
  EXPECT_TRUE(
      succeeds(network, "server", "exec 3<>/dev/null; { echo a; sleep 0.2; echo b; } | nc -n -u -q 0 192.0.2.1 9"));
  EXPECT_EQ(output(network, "home", "awk '/^Udp:/ {n = $3} END {print n}' /proc/net/snmp"), "0\n");
}

}  // namespace
}  // namespace dummynet::net

// Links whose cable is cut: what comes into the fabric, and what comes out of it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/core/warden.hpp"
#include "dummynet/net/network.hpp"
#include "support/carrier.hpp"
#include "support/network_test.hpp"
#include "support/traffic.hpp"
#include "support/waiting.hpp"

namespace dummynet::net {
namespace {

using test::becomes_readable;
using test::Carrier;
using test::end;
using test::link;
using test::node;

constexpr std::size_t kFullFrame = 1514;

LinkSpec cut(EndpointSpec first, EndpointSpec second) {
  LinkSpec spec = link(std::move(first), std::move(second));
  spec.cut = true;
  return spec;
}

/// a - b
Topology pair() {
  Topology topology;
  topology.nodes = {node("a"), node("b")};
  topology.links = {cut(end("a"), end("b"))};
  return topology;
}

/// client - plain or cut - middle - cut - server
Topology chain(NodeKind middle, bool first_cut) {
  Topology topology;
  topology.nodes = {node("client"), node("middle", middle), node("server")};
  topology.links = {link(end("client"), end("middle")), cut(end("middle"), end("server"))};
  topology.links[0].cut = first_cut;
  return topology;
}

class CutLinkTest : public test::NetworkTest {
 protected:
  /// `protocol`: what it receives; 0: nothing.
  os::Fd open_packet_socket(const Network& network, const std::string& node, std::uint16_t protocol = 0) {
    return monitor_.warden().open_socket(network.place(node).node, AF_PACKET, SOCK_RAW, htons(protocol));
  }
  void send_by_tcp(const Network& network, const std::string& from, const std::string& to,
                   IpFamily family = IpFamily::v4, const std::string& address = {}) {
    test::transfer_tcp(monitor_, network, from, to, 1 << 20, family, address);
  }
  /// Ten datagrams in one call.
  void send_in_segments(const Network& network, const std::string& from, const std::string& to) {
    constexpr std::size_t kSegment = 1400;
    test::Datagrams datagrams{monitor_, network, from, to};
    datagrams.send_segmented(7, 10 * kSegment, kSegment);
    for (int i = 0; i < 10; ++i) {
      const auto one = datagrams.receive();
      ASSERT_TRUE(one) << "datagram " << i;
      EXPECT_EQ(one->bytes, kSegment);
      EXPECT_TRUE(one->intact);
    }
  }
};

TEST_F(CutLinkTest, NothingPassesUntilSomebodyCarriesIt) {
  if (!has_program("ping")) GTEST_SKIP() << "no ping(8) here";
  Network network{monitor_, pair()};
  network.up();

  EXPECT_FALSE(succeeds(network, "a", {"ping", "-n", "-c", "1", "-W", "1", "b"}));
  const Carrier carrier{network, 0};
  EXPECT_TRUE(succeeds(network, "a", ping("b")));
}

TEST_F(CutLinkTest, CarriesTheVeryFirstPacketBothWays) {
  Network network{monitor_, pair()};
  network.up();
  const auto ends = network.open_cut(0);
  test::Datagrams datagrams{monitor_, network, "a", "b"};

  datagrams.send(1, 100);
  ASSERT_TRUE(becomes_readable(ends[0].get())) << "the question for b's address";
  std::array<char, 2048> frame{};
  const ssize_t size = ::recv(ends[0].get(), frame.data(), frame.size(), 0);
  ASSERT_GT(size, static_cast<ssize_t>(test::kVirtioHeaderBytes));
  ASSERT_EQ(::send(ends[1].get(), frame.data(), static_cast<std::size_t>(size), 0), size);

  ASSERT_TRUE(becomes_readable(ends[1].get())) << "b's answer";
}

TEST_F(CutLinkTest, GivesTheEndsInTheOrderOfTheEndpointsBoundAndReady) {
  Network network{monitor_, chain(NodeKind::bridge, true)};
  network.up();
  auto ends = network.open_cut(1);

  EXPECT_THROW(network.open_cut(2), std::invalid_argument);
  for (const os::Fd& one : ends) {
    EXPECT_NE(::fcntl(one.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(one.get(), F_GETFD) & FD_CLOEXEC, 0);
    for (const auto& [level, option] :
         {std::pair{SOL_PACKET, PACKET_VNET_HDR}, {SOL_PACKET, PACKET_AUXDATA}, {SOL_SOCKET, SO_TIMESTAMPNS}}) {
      int value = 0;
      socklen_t length = sizeof value;
      EXPECT_EQ(::getsockopt(one.get(), level, option, &value, &length), 0);
      EXPECT_EQ(value, 1) << option;
    }
  }
}

TEST_F(CutLinkTest, GivesAnEndInSeveralSocketsThatHaveMoreRoomTogether) {
  Network network{monitor_, pair()};
  network.up();
  auto ends = network.open_cut(0, {.socket_bytes = 64 << 10, .wanted_bytes = 1 << 20, .max_sockets = 5});
  ASSERT_EQ(ends[0].size(), 5U);
  ASSERT_EQ(ends[1].size(), 5U);
  const os::Fd sender = open_packet_socket(network, "a");
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(network.plan().interfaces.front().index);
  std::array<char, 60> frame{};
  frame.fill('\x02');
  constexpr char kNumbered = '\x55';
  frame[20] = kNumbered;
  constexpr int kFrames = 400;  // one has room for some 130
  for (int number = 0; number < kFrames; ++number) {
    std::memcpy(&frame[30], &number, sizeof number);
    ASSERT_EQ(::sendto(sender.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to),
              static_cast<ssize_t>(frame.size()));
  }
  std::array<char, 100> out{};
  ASSERT_EQ(::send(ends[0][3].get(), out.data(), out.size(), 0),
            static_cast<ssize_t>(out.size()));  // comes back to none

  std::vector<int> numbers;
  for (const os::Fd& socket : ends[0]) {
    std::array<char, 2000> read{};
    for (ssize_t length = 0; (length = ::recv(socket.get(), read.data(), read.size(), 0)) > 0;) {
      EXPECT_EQ(length, static_cast<ssize_t>(test::kVirtioHeaderBytes + frame.size()));
      if (read[test::kVirtioHeaderBytes + 20] != kNumbered) continue;
      std::memcpy(&numbers.emplace_back(), &read[test::kVirtioHeaderBytes + 30], sizeof(int));
    }
  }
  ASSERT_EQ(numbers.size(), static_cast<std::size_t>(kFrames));
  for (int number = 0; number < kFrames; ++number) EXPECT_EQ(numbers[static_cast<std::size_t>(number)], number);
}

TEST_F(CutLinkTest, JoinsRoutersAndSwitchesInBothFamilies) {
  if (!has_program("ping")) GTEST_SKIP() << "no ping(8) here";
  for (const NodeKind middle : {NodeKind::router, NodeKind::bridge}) {
    Topology topology = chain(middle, true);
    topology.families = test::kBothFamilies;
    topology.links[0].mtu = 9000;
    topology.links[1].mtu = 9000;
    topology.links[1].second.mac = MacAddress{{2, 0, 0, 0, 0, 9}};
    Network network{monitor_, topology};
    network.up();
    const Carrier left{network, 0};
    const Carrier right{network, 1};

    EXPECT_TRUE(succeeds(network, "client", ping(network.address("server"))));
    EXPECT_TRUE(succeeds(network, "server", ping(network.address("client", IpFamily::v6))));
    EXPECT_TRUE(succeeds(network, "client",
                         {"ping", "-n", "-c", "1", "-W", "30", "-M", "do", "-s", "8000", network.address("server")}));
    EXPECT_EQ(output(network, "server", "cat /sys/class/net/eth0/address"), "02:00:00:00:00:09\n");
  }
}

TEST_F(CutLinkTest, LeavesNoTraceInTheNodes) {
  Network network{monitor_, pair()};
  network.up();

  EXPECT_EQ(network.plan().nodes.size(), 2U);
  ASSERT_EQ(network.interfaces().size(), 2U);
  EXPECT_EQ(output(network, "a", "ls /sys/class/net | sort | xargs"), "eth0 lo\n");
  EXPECT_EQ(output(network, "a", "cat /etc/hosts"), "127.0.0.1\tlocalhost\n::1\tlocalhost\n10.0.0.1\ta\n10.0.0.2\tb\n");
}

TEST_F(CutLinkTest, TheFabricItselfSaysNothing) {
  Topology topology = pair();
  topology.families = test::kBothFamilies;
  Network network{monitor_, topology};
  network.up();
  const os::Fd listener = open_packet_socket(network, "a", ETH_P_ALL);
  auto ends = network.open_cut(0);

  // Something that would make a host speak up: who has 10.0.0.1, asked of the fabric. And a marked frame at the end.
  test::Datagrams asker{monitor_, network, "a", "b"};
  asker.send(1, 100);
  ASSERT_TRUE(becomes_readable(ends[0].get()));
  std::array<char, test::kVirtioHeaderBytes + 60> marked{};
  marked.fill('\x55');
  std::fill_n(marked.begin(), test::kVirtioHeaderBytes, '\0');
  ASSERT_EQ(::send(ends[0].get(), marked.data(), marked.size(), 0), static_cast<ssize_t>(marked.size()));

  for (bool found = false; !found;) {
    ASSERT_TRUE(becomes_readable(listener.get()));
    std::array<char, 2048> frame{};
    sockaddr_ll from{};
    socklen_t length = sizeof from;
    const ssize_t got =
        ::recvfrom(listener.get(), frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
    ASSERT_GT(got, 0);
    if (from.sll_pkttype == PACKET_OUTGOING) continue;
    ASSERT_EQ(frame[0], '\x55') << "a frame of " << got << " bytes that nobody carried";
    found = true;
  }
}

TEST_F(CutLinkTest, HandsOverWholeWhatItsReaderCanCutUp) {
  Topology topology = pair();
  topology.families = test::kBothFamilies;
  Network network{monitor_, topology};
  network.up();
  Carrier carrier{network, 0};

  for (const IpFamily family : test::kBothFamilies) {
    carrier.forget_longest();
    send_by_tcp(network, "a", "b", family);
    EXPECT_GT(carrier.longest_frame(), 4 * kFullFrame);
  }
  // What arrives is all there, whether the packet socket can tell of it (since Linux 6.2) or the kernel cuts it up.
  send_in_segments(network, "b", "a");
}

TEST_F(CutLinkTest, RoutersAndSwitchesHandOnWholeToo) {
  for (const bool first_cut : {false, true}) {
    for (const NodeKind middle : {NodeKind::router, NodeKind::bridge}) {
      Network network{monitor_, chain(middle, first_cut)};
      network.up();
      std::optional<Carrier> before;
      if (first_cut) before.emplace(network, 0);
      Carrier after{network, 1};

      send_by_tcp(network, "client", "server");
      EXPECT_GT(after.longest_frame(), 4 * kFullFrame) << static_cast<int>(middle);
      send_in_segments(network, "client", "server");
    }
  }
}

TEST_F(CutLinkTest, LetsTheKernelCutUpWhatItsReaderCannot) {
  Topology topology = pair();
  topology.links.push_back(link(end("a", {"10.9.0.1/24"}), end("b", {"10.9.0.2/24"}), LinkKind::vxlan, 42));
  Network network{monitor_, topology};
  network.up();
  Carrier carrier{network, 0};

  send_by_tcp(network, "a", "b", IpFamily::v4, "10.9.0.2");
  EXPECT_EQ(carrier.longest_frame(), kFullFrame);
}

TEST_F(CutLinkTest, GoesDownAndComesBack) {
  if (!has_program("ping")) GTEST_SKIP() << "no ping(8) here";
  Topology topology = pair();
  topology.families = test::kBothFamilies;
  Network network{monitor_, topology};
  network.up();
  const Carrier carrier{network, 0};

  for (const char* name : {"a", "b"}) {
    network.set_link_state({name, {}}, false);
    EXPECT_FALSE(succeeds(network, "a", {"ping", "-n", "-c", "1", "-W", "1", "b"})) << name;
    network.set_link_state({name, {}}, true);
    EXPECT_TRUE(succeeds(network, "a", ping(network.address("b")))) << name;
    EXPECT_TRUE(succeeds(network, "a", ping(network.address("b", IpFamily::v6)))) << name;
  }
}

TEST_F(CutLinkTest, SaysWhatComesBeforeWhat) {
  Topology topology = pair();
  topology.links.push_back(link(end("a"), end("b")));
  Network network{monitor_, topology};

  EXPECT_THROW(network.open_cut(0), std::logic_error);
  network.up();
  EXPECT_THROW(network.open_cut(1), std::invalid_argument);
}

TEST(CutLinkPlan, OnlyCablesCanBeCut) {
  Topology topology = pair();
  topology.links.push_back(cut(end("a"), end("b")));
  topology.links.back().kind = LinkKind::vlan;
  topology.links.back().id = 5;
  topology.links.back().first_parent = topology.links.back().second_parent = "eth0";

  const PlannedNetwork planned = plan_network(topology);

  ASSERT_EQ(planned.complaints.size(), 1U);
  EXPECT_EQ(planned.complaints.front().message, "only a veth link can be cut; cut those that this one runs over");
  EXPECT_EQ(planned.complaints.front().index, 1U);
}

}  // namespace
}  // namespace dummynet::net

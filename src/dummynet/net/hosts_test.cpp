#include "dummynet/net/hosts.hpp"

#include <gtest/gtest.h>

namespace dummynet::net {
namespace {

const std::string kLocalhost = "127.0.0.1\tlocalhost\n::1\tlocalhost\n";

InterfaceAddress given(std::string_view text) { return InterfaceAddress::parse(text).value(); }

struct End {
  std::size_t node;
  const char* address;
};

/// Nodes, and the ends of the links between them, two and two.
NetworkPlan cables(const std::vector<std::string>& names, const std::vector<End>& ends) {
  NetworkPlan plan;
  for (const std::string& name : names) plan.nodes.push_back({name, NodeKind::host, {}, {}});
  for (const End& end : ends) {
    plan.interfaces.emplace_back();
    plan.interfaces.back().node = end.node;
    plan.interfaces.back().addresses = {given(end.address)};
  }
  return plan;
}

/// client – router – server, and client – server directly.
NetworkPlan triangle() {
  return cables({"client", "router", "server"}, {{0, "10.0.0.1/30"},
                                                 {1, "10.0.0.2/30"},
                                                 {1, "10.0.0.5/30"},
                                                 {2, "10.0.0.6/30"},
                                                 {0, "10.0.0.9/30"},
                                                 {2, "10.0.0.10/30"}});
}

TEST(Hosts, PutTheAddressOnASharedLinkFirst) {
  const HostsWriter writer{triangle()};

  EXPECT_EQ(writer.text_for(0), kLocalhost +
                                    "10.0.0.1\tclient\n10.0.0.9\tclient\n"
                                    "10.0.0.2\trouter\n10.0.0.5\trouter\n"
                                    "10.0.0.10\tserver\n10.0.0.6\tserver\n");
  EXPECT_EQ(writer.text_for(2), kLocalhost +
                                    "10.0.0.6\tserver\n10.0.0.10\tserver\n"
                                    "10.0.0.9\tclient\n10.0.0.1\tclient\n"
                                    "10.0.0.5\trouter\n10.0.0.2\trouter\n");
}

TEST(Hosts, NameDistantNodesToo) {
  const HostsWriter writer{
      cables({"a", "hub", "b"}, {{0, "10.0.0.1/30"}, {1, "10.0.0.2/30"}, {1, "10.0.0.5/30"}, {2, "10.0.0.6/30"}})};

  EXPECT_EQ(writer.text_for(0), kLocalhost + "10.0.0.1\ta\n10.0.0.2\thub\n10.0.0.5\thub\n10.0.0.6\tb\n");
}

TEST(Hosts, KeepTheOrderOfParallelLinks) {
  const HostsWriter writer{
      cables({"a", "b"}, {{0, "10.0.0.1/30"}, {1, "10.0.0.2/30"}, {1, "10.0.0.5/30"}, {0, "10.0.0.6/30"}})};

  EXPECT_EQ(writer.text_for(0), kLocalhost + "10.0.0.1\ta\n10.0.0.6\ta\n10.0.0.2\tb\n10.0.0.5\tb\n");
}

TEST(Hosts, LetALonelyNodeKnowItself) {
  const HostsWriter writer{cables({"alone", "other"}, {})};

  EXPECT_EQ(writer.text_for(0), kLocalhost + "127.0.0.1\talone\n");
}

/// Two hosts on a switch's segment and a router with a loopback address, in both families; the switch has no address.
NetworkPlan segment() {
  NetworkPlan plan;
  for (const char* name : {"h1", "switch", "r", "h2"}) plan.nodes.push_back({name, NodeKind::host, {}, {}});
  plan.nodes[2].loopback_addresses = {given("10.9.9.9/32")};
  const auto add = [&](std::size_t node, std::vector<InterfaceAddress> addresses) {
    plan.interfaces.emplace_back();
    plan.interfaces.back().node = node;
    plan.interfaces.back().addresses = std::move(addresses);
  };
  add(2, {given("10.0.1.1/30"), given("fd00:0:0:1::1/64")});
  add(0, {given("10.0.0.1/29"), given("fd00::1/64")});
  add(3, {given("10.0.0.2/29"), given("fd00::2/64")});
  add(2, {given("10.0.0.3/29"), given("fd00::3/64")});
  return plan;
}

TEST(Hosts, KnowBothFamiliesOwnSegmentFirst) {
  EXPECT_EQ(HostsWriter{segment()}.text_for(0),
            kLocalhost +
                "10.0.0.1\th1\nfd00::1\th1\n"
                "10.0.0.3\tr\nfd00::3\tr\n10.0.1.1\tr\nfd00:0:0:1::1\tr\n10.9.9.9\tr\n"
                "10.0.0.2\th2\nfd00::2\th2\n");
}

TEST(Hosts, GiveEachNodeItsOwnLinesFirst) {
  const HostsWriter writer{segment()};

  EXPECT_EQ(writer.text_for(2), kLocalhost +
                                    "10.0.1.1\tr\nfd00:0:0:1::1\tr\n10.0.0.3\tr\nfd00::3\tr\n10.9.9.9\tr\n"
                                    "10.0.0.1\th1\nfd00::1\th1\n10.0.0.2\th2\nfd00::2\th2\n");
  EXPECT_EQ(writer.text_for(1), kLocalhost +
                                    "127.0.0.1\tswitch\n10.0.0.1\th1\nfd00::1\th1\n"
                                    "10.0.1.1\tr\nfd00:0:0:1::1\tr\n10.0.0.3\tr\nfd00::3\tr\n10.9.9.9\tr\n"
                                    "10.0.0.2\th2\nfd00::2\th2\n");
  EXPECT_EQ(writer.text_for(3), kLocalhost +
                                    "10.0.0.2\th2\nfd00::2\th2\n10.0.0.1\th1\nfd00::1\th1\n"
                                    "10.0.0.3\tr\nfd00::3\tr\n10.0.1.1\tr\nfd00:0:0:1::1\tr\n10.9.9.9\tr\n");
}

}  // namespace
}  // namespace dummynet::net

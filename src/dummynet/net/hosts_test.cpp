#include "dummynet/net/hosts.hpp"

#include <gtest/gtest.h>

namespace dummynet::net {
namespace {

const std::string kLocalhost = "127.0.0.1\tlocalhost\n::1\tlocalhost\n";

InterfaceAddress given(std::string_view text) { return InterfaceAddress::parse(text).value(); }

void add_interface(NetworkPlan& plan, std::size_t node, std::vector<InterfaceAddress> addresses) {
  plan.interfaces.emplace_back();
  plan.interfaces.back().node = node;
  plan.interfaces.back().addresses = std::move(addresses);
}

struct End {
  std::size_t node;
  const char* address;
};

/// Hosts, and cables with a /30 each.
NetworkPlan cables(std::initializer_list<const char*> names, std::initializer_list<std::pair<End, End>> links) {
  NetworkPlan plan;
  for (const char* name : names) plan.nodes.push_back({name, NodeKind::host, {}, {}});
  for (const auto& [first, second] : links) {
    for (const End& end : {first, second}) add_interface(plan, end.node, {given(std::string{end.address} + "/30")});
  }
  return plan;
}

TEST(Hosts, PutTheAddressOnASharedLinkFirst) {
  const HostsWriter writer{cables(
      {"client", "router", "server"},
      {{{0, "10.0.0.1"}, {1, "10.0.0.2"}}, {{1, "10.0.0.5"}, {2, "10.0.0.6"}}, {{0, "10.0.0.9"}, {2, "10.0.0.10"}}})};

  EXPECT_EQ(writer.text_for(0), kLocalhost +
                                    "10.0.0.1\tclient\n10.0.0.9\tclient\n"
                                    "10.0.0.2\trouter\n10.0.0.5\trouter\n"
                                    "10.0.0.10\tserver\n10.0.0.6\tserver\n");
  EXPECT_EQ(writer.text_for(2), kLocalhost +
                                    "10.0.0.6\tserver\n10.0.0.10\tserver\n"
                                    "10.0.0.9\tclient\n10.0.0.1\tclient\n"
                                    "10.0.0.5\trouter\n10.0.0.2\trouter\n");
  EXPECT_EQ(writer.shared_text_for(0), nullptr);
}

TEST(Hosts, NameDistantNodesToo) {
  const HostsWriter writer{
      cables({"a", "hub", "b"}, {{{0, "10.0.0.1"}, {1, "10.0.0.2"}}, {{1, "10.0.0.5"}, {2, "10.0.0.6"}}})};

  EXPECT_EQ(writer.text_for(0), kLocalhost + "10.0.0.1\ta\n10.0.0.2\thub\n10.0.0.5\thub\n10.0.0.6\tb\n");
}

TEST(Hosts, KeepTheOrderOfParallelLinks) {
  const HostsWriter writer{
      cables({"a", "b"}, {{{0, "10.0.0.1"}, {1, "10.0.0.2"}}, {{1, "10.0.0.5"}, {0, "10.0.0.6"}}})};

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
  add_interface(plan, 2, {given("10.0.1.1/30"), given("fd00:0:0:1::1/64")});
  add_interface(plan, 0, {given("10.0.0.1/29"), given("fd00::1/64")});
  add_interface(plan, 3, {given("10.0.0.2/29"), given("fd00::2/64")});
  add_interface(plan, 2, {given("10.0.0.3/29"), given("fd00::3/64")});
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

/// A NAT router with its outside last, a switch, and so many hosts behind the router.
NetworkPlan large(std::size_t hosts) {
  NetworkPlan plan;
  plan.nodes.push_back({"nat", NodeKind::nat_router, {}, {}});
  plan.nodes.push_back({"switch", NodeKind::bridge, {}, {}});
  add_interface(plan, 0, {given("10.0.0.1/16")});
  add_interface(plan, 0, {given("192.0.2.1/24")});
  plan.nats.push_back({0, 1, {}});
  for (std::size_t i = 0; i < hosts; ++i) {
    plan.nodes.push_back({"h" + std::to_string(i), NodeKind::host, {}, {}});
    add_interface(plan, i + 2, {given("10.0.1." + std::to_string(i % 200 + 2) + "/16")});
  }
  return plan;
}

TEST(Hosts, AreOneTextForAllInALargeNetwork) {
  const HostsWriter writer{large(300)};

  const auto text = writer.shared_text_for(2);
  ASSERT_NE(text, nullptr);
  EXPECT_EQ(writer.shared_text_for(0), text);
  EXPECT_EQ(writer.shared_text_for(301), text);
  EXPECT_EQ(writer.text_for(301), *text);
  EXPECT_TRUE(text->starts_with(kLocalhost + "192.0.2.1\tnat\n10.0.0.1\tnat\n10.0.1.2\th0\n")) << text->substr(0, 200);
  EXPECT_TRUE(text->ends_with("\th299\n"));
}

TEST(Hosts, LetASwitchOfALargeNetworkKnowItself) {
  const HostsWriter writer{large(300)};

  EXPECT_EQ(writer.shared_text_for(1), nullptr);
  EXPECT_TRUE(writer.text_for(1).starts_with(kLocalhost + "127.0.0.1\tswitch\n192.0.2.1\tnat\n"));
}

}  // namespace
}  // namespace dummynet::net

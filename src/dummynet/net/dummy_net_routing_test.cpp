#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>

#include "dummynet/net/dummy_net.hpp"
#include "support/dummy_net_test.hpp"

namespace dummynet::net {
namespace {

using namespace std::chrono_literals;
using test::address;
using test::ip;
using test::join;
using test::join_by_router;
using test::ping;
using test::subnet;
using test::succeeds;
using test::thrown;
using testing::HasSubstr;

class DummyNetRouteTest : public test::DummyNetTest {};
class DummyNetTcTest : public test::DummyNetTest {};

TEST_F(DummyNetRouteTest, ForwardsBetweenTwoInterfacesInBothFamilies) {
  join_by_router(net());
  net().netns_use("outside").route(subnet("10.1.0.0/24"), ip("10.2.0.1"));
  net().netns_use("outside").route(subnet("fd00:1::/64"), ip("fd00:2::1"));
  DummyNet inside = net().netns_use("inside");
  EXPECT_FALSE(succeeds(inside, {"ping", "-n", "-c", "1", "-W", "1", "10.2.0.2"}));
  net().netns_use("router").forward("in1", "out1");
  EXPECT_TRUE(succeeds(inside, ping("10.2.0.2")));
  EXPECT_TRUE(succeeds(inside, ping("fd00:2::2")));
}

TEST_F(DummyNetRouteTest, NatGivesTheRoutersAddressToWhatItIsAskedFor) {
  join_by_router(net());
  DummyNet router = net().netns_use("router");
  router.forward("in1", "out1");
  DummyNet inside = net().netns_use("inside");
  EXPECT_FALSE(succeeds(inside, {"ping", "-n", "-c", "1", "-W", "1", "10.2.0.2"})) << "there is no way back";
  router.nat(subnet("10.9.0.0/24"), "out1");
  EXPECT_FALSE(succeeds(inside, {"ping", "-n", "-c", "1", "-W", "1", "10.2.0.2"})) << "another source";
  router.nat(subnet("10.1.0.0/25"), "out1");
  router.nat(subnet("fd00:1::/64"), "out1");
  EXPECT_TRUE(succeeds(inside, ping("10.2.0.2")));
  EXPECT_TRUE(succeeds(inside, ping("fd00:2::2")));
}

TEST_F(DummyNetRouteTest, AddressesComeAndGo) {
  join(net());
  DummyNet left = net().netns_use("left");
  left.addr_del(address("10.0.0.1/24"), "l");
  EXPECT_FALSE(succeeds(left, {"ping", "-n", "-c", "1", "-W", "1", "10.0.0.2"}));
  const auto gone = thrown<std::system_error>([&] { left.addr_del(address("10.0.0.1/24"), "l"); });
  EXPECT_EQ(gone.code().value(), EADDRNOTAVAIL);
  left.addr_add(address("10.0.0.1/24"), "l");
  const auto twice = thrown<std::system_error>([&] { left.addr_add(address("10.0.0.1/24"), "l"); });
  EXPECT_EQ(twice.code().value(), EEXIST);
  EXPECT_THAT(twice.what(), HasSubstr("10.0.0.1/24 on left:" + net().kernel_name("l")));
  EXPECT_TRUE(succeeds(left, ping("10.0.0.2")));
}

TEST_F(DummyNetRouteTest, WhatTheKernelRefusesIsTold) {
  join(net());
  DummyNet left = net().netns_use("left");
  const auto unreachable = thrown<std::system_error>([&] { left.route(ip("192.0.2.1")); });
  EXPECT_EQ(unreachable.code().value(), ENETUNREACH);
  EXPECT_THAT(unreachable.what(), HasSubstr("default route via 192.0.2.1"));
  EXPECT_THROW(left.route(subnet("10.5.0.0/24"), ip("fd00::1")), std::invalid_argument);
  left.route(subnet("10.5.0.0/24"), ip("10.0.0.2"));
  EXPECT_THROW(left.route(subnet("10.5.0.0/24"), ip("10.0.0.2")), std::system_error);
}

TEST_F(DummyNetTcTest, ARateAloneIsKeptAndReadBack) {
  join(net());
  DummyNet left = net().netns_use("left");
  left.tc("l", {.delay = {}, .loss_percent = 0, .rate_mbit = 8, .limit_packets = 100});
  const auto state = left.tc_show("l");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->kind, "tbf");
  EXPECT_DOUBLE_EQ(state->rate_mbit.value_or(0), 8);
  EXPECT_EQ(state->limit_bytes, 100U * (1500 + 22));
  // 300 frames of 1,442 bytes need 432 ms at 1 MB/s, but for a burst of 4 ms.
  const RunInfo flood = left.run({"ping", "-q", "-n", "-f", "-c", "300", "-s", "1400", "-W", "30", "10.0.0.2"});
  EXPECT_GT(flood.end.value_or(flood.start) - flood.start, 300ms);
  left.tc("l", {.delay = {}, .loss_percent = 0, .rate_mbit = 20'000, .limit_packets = {}});
  EXPECT_DOUBLE_EQ(left.tc_show("l")->rate_mbit.value_or(0), 20'000) << "beyond 32 bits";
}

TEST_F(DummyNetTcTest, ADelayIsKeptOrTheKernelsLackIsTold) {
  join(net());
  DummyNet left = net().netns_use("left");
  const TcOptions wanted{.delay = 50ms, .loss_percent = 0, .rate_mbit = 10, .limit_packets = 77};
  try {
    left.tc("l", wanted);
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_THAT(error.what(), HasSubstr("qdisc netem on left:" + net().kernel_name("l")));
    EXPECT_THAT(error.what(), HasSubstr("this kernel has no netem (CONFIG_NET_SCH_NETEM)"));
    EXPECT_THAT(error.what(), HasSubstr("modprobe sch_netem"));
    EXPECT_EQ(left.tc_show("l")->kind, "noqueue") << "nothing is left of the attempt";
    left.tc("l", {.delay = {}, .loss_percent = 0, .rate_mbit = 10, .limit_packets = {}});
    return;
  }
  const TcState state = left.tc_show("l").value();
  EXPECT_EQ(state.kind, "netem");
  EXPECT_EQ(state.delay, 50ms);
  EXPECT_DOUBLE_EQ(state.rate_mbit.value_or(0), 10);
  EXPECT_EQ(state.limit_packets, 77U);
  const RunInfo once = left.run(ping("10.0.0.2"));
  EXPECT_GE(once.end.value_or(once.start) - once.start, 50ms);
  left.tc("l", {.delay = {}, .loss_percent = 100, .rate_mbit = {}, .limit_packets = {}});
  EXPECT_NEAR(left.tc_show("l")->loss_percent, 100, 1e-6);
  EXPECT_FALSE(succeeds(left, {"ping", "-n", "-c", "1", "-W", "1", "10.0.0.2"}));
}

TEST_F(DummyNetTcTest, WhatCannotBeIsRefusedBeforeAnythingIsChanged) {
  const auto refused = [&](const TcOptions& options) { EXPECT_THROW(net().tc("lo", options), std::invalid_argument); };
  refused({.delay = -1ns, .loss_percent = 0, .rate_mbit = {}, .limit_packets = {}});
  refused({.delay = 1h, .loss_percent = 0, .rate_mbit = {}, .limit_packets = {}});
  refused({.delay = {}, .loss_percent = 101, .rate_mbit = {}, .limit_packets = {}});
  refused({.delay = {}, .loss_percent = -1, .rate_mbit = {}, .limit_packets = {}});
  refused({.delay = {}, .loss_percent = std::nan(""), .rate_mbit = {}, .limit_packets = {}});
  refused({.delay = {}, .loss_percent = 0, .rate_mbit = 0, .limit_packets = {}});
  refused({.delay = {}, .loss_percent = 0, .rate_mbit = 1e7, .limit_packets = {}});
  refused({.delay = {}, .loss_percent = 0, .rate_mbit = 1, .limit_packets = 0});
  EXPECT_NE(net().tc_show("lo").value_or(TcState{}).kind, "tbf");
}

}  // namespace
}  // namespace dummynet::net

#include "dummynet/net/dummy_net.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <system_error>

#include "support/dummy_net_test.hpp"

namespace dummynet::net {
namespace {

using namespace std::chrono_literals;
using test::address;
using test::info;
using test::ip;
using test::join;
using test::join_by_router;
using test::names;
using test::subnet;
using test::thrown;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DummyNetCleanupTest : public test::DummyNetTest {};

TEST_F(DummyNetCleanupTest, UndoesEverythingAndCanBeUsedAgain) {
  for (int round = 0; round < 2; ++round) {
    join_by_router(net());
    net().netns_use("router").forward("in1", "out1");
    net().netns_use("router").nat(subnet("10.1.0.0/24"), "out1");
    net().link_veth_add("a", "b");
    net().addr_add(address("10.7.0.1/24"), "a");
    net().up("a");
    net().up("b");
    net().route(subnet("10.8.0.0/24"), ip("10.7.0.2"));
    net().tc("a", {.delay = {}, .loss_percent = 0, .rate_mbit = 10, .limit_packets = {}});
    net().forward("a", "b");
    net().addr_add(address("10.6.0.1/32"), "lo");
    const ProcessHandle daemon = net().netns_use("inside").run_async({"sleep", "1000"}, {.daemon = true});
    const ProcessHandle client = net().run_async({"sleep", "1000"});
    net().cleanup();
    EXPECT_FALSE(daemon->is_running());
    EXPECT_FALSE(client->is_running());
    EXPECT_THAT(net().netns_list(), IsEmpty());
    EXPECT_THAT(names(net(), "veth"), IsEmpty());
    EXPECT_EQ(net().run({"cat", "/proc/sys/net/ipv6/conf/all/forwarding"}).out.text(), "0\n");
    EXPECT_EQ(net().run("grep -c '^10.6' /proc/net/fib_trie || true").out.text(), "0\n");
    EXPECT_FALSE(net().monitor().keep_running(0ms));
  }
}

TEST_F(DummyNetCleanupTest, RestoresTheAdministrativeStateAndTakesOffTheQueue) {
  ASSERT_TRUE(info(net(), "lo").is_up) << "the sandbox's own loopback is up";
  net().down("lo");
  net().tc("lo", {.delay = {}, .loss_percent = 0, .rate_mbit = 10, .limit_packets = {}});
  EXPECT_FALSE(info(net(), "lo").is_up);
  net().cleanup();
  EXPECT_TRUE(info(net(), "lo").is_up);
  EXPECT_NE(net().tc_show("lo").value_or(TcState{}).kind, "tbf");
}

TEST_F(DummyNetCleanupTest, ForgetsNothingWhenACallFailsHalfWay) {
  net().netns_add("one");
  DummyNet one = net().netns_use("one");
  one.link_veth_add("a", "b");
  if (::access("/bin/ip", X_OK) != 0) GTEST_SKIP() << "no ip(8) here, which this test uses to spoil an interface";
  one.run({"ip", "link", "set", "lo", "mtu", "60"});  // too little for IPv4, whose settings for it are gone then
  const auto refused = thrown<std::system_error>([&] { one.forward("a", "lo"); });
  EXPECT_THAT(refused.what(), HasSubstr("net/ipv4/conf/lo/forwarding"));
  const std::string first = "/proc/sys/net/ipv4/conf/" + net().kernel_name("a") + "/forwarding";
  EXPECT_EQ(one.run({"cat", first}).out.text(), "0\n") << "set, and set back";
  EXPECT_THROW(one.link_veth_add("c", "b"), std::system_error);
  EXPECT_THAT(names(one, "veth"), ElementsAre("a", "b"));
  net().cleanup();
}

TEST_F(DummyNetCleanupTest, InterfacesThatWereMovedAndDeletedElsewhereAreNoSurprise) {
  join(net());
  net().netns_use("right").link_delete("r");
  net().link_veth_add("l", "r");  // the same names again, in the root
  net().netns_delete("left");
  EXPECT_THAT(names(net(), "veth"), ElementsAre("l", "r"));
  net().cleanup();
  EXPECT_THAT(names(net(), "veth"), IsEmpty());
}

TEST_F(DummyNetCleanupTest, TheDestructorUndoesWhatWasDoneInSomebodyElsesMonitor) {
  ProcessMonitor monitor{MonitorOptions{.log = {}, .sandbox = true}};
  {
    DummyNet net{monitor};
    net.netns_add("one");
    net.netns_use("one").run_async({"sleep", "1000"});
    net.bridge_add("hub");
    net.up("hub");
  }
  EXPECT_FALSE(monitor.keep_running(0ms));
  EXPECT_EQ(monitor.run_process("wc -l < /proc/net/dev").out.text(), "3\n");
}

}  // namespace
}  // namespace dummynet::net

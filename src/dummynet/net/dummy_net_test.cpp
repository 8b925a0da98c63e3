#include "dummynet/net/dummy_net.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <system_error>

#include "support/dummy_net_test.hpp"

namespace dummynet::net {
namespace {

using namespace std::chrono_literals;
using test::address;
using test::ip;
using test::join;
using test::ping;
using test::subnet;
using test::succeeds;
using test::thrown;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DummyNetLinkTest : public test::DummyNetTest {
 protected:
  static std::vector<std::string> names(const DummyNet& net, const std::string& kind) {
    std::vector<std::string> found;
    for (const LinkInfo& one : net.link_list(kind)) found.push_back(one.name);
    std::sort(found.begin(), found.end());
    return found;
  }
  static LinkInfo info(const DummyNet& net, const std::string& name) {
    for (LinkInfo& one : net.link_list()) {
      if (one.name == name) return one;
    }
    throw std::runtime_error{"no interface " + name};
  }
};
class DummyNetNamespaceTest : public test::DummyNetTest {};
class DummyNetRouteTest : public test::DummyNetTest {};
class DummyNetTcTest : public test::DummyNetTest {};
class DummyNetCleanupTest : public DummyNetLinkTest {};

// ---- links

TEST_F(DummyNetLinkTest, AVethPairCarriesPacketsBetweenNamespaces) {
  join(net());
  DummyNet left = net().netns_use("left");
  EXPECT_TRUE(succeeds(left, ping("10.0.0.2")));
  EXPECT_FALSE(succeeds(net(), {"ping", "-n", "-c", "1", "-W", "1", "10.0.0.2"})) << "the root is not on that link";
}

TEST_F(DummyNetLinkTest, NamesAreScopedByThePidUnlessTheyAreNotToBe) {
  net().link_veth_add("a", "b");
  const std::string scoped = net().kernel_name("a");
  EXPECT_THAT(scoped, testing::MatchesRegex("d-[1-9A-HJ-NP-Za-km-z]{4}-a"));
  EXPECT_EQ(info(net(), "a").kernel_name, scoped);
  EXPECT_TRUE(succeeds(net(), {"test", "-e", "/sys/class/net/" + scoped}));

  DummyNet plain{DummyNetOptions{.host = false, .uid = 0, .log = {}}};
  plain.link_veth_add("a", "b");
  EXPECT_TRUE(succeeds(plain, {"grep", "-q", "^ *a:", "/proc/net/dev"}));
}

TEST_F(DummyNetLinkTest, ListsWhatThereIsByKind) {
  net().link_veth_add("a", "b");
  net().bridge_add("hub");
  EXPECT_THAT(names(net(), "veth"), ElementsAre("a", "b"));
  EXPECT_THAT(names(net(), "bridge"), ElementsAre("hub"));
  EXPECT_THAT(names(net(), ""), Contains("lo"));
  const LinkInfo a = info(net(), "a");
  EXPECT_FALSE(a.is_up);
  EXPECT_EQ(a.mtu_bytes, 1500U);
  EXPECT_TRUE(a.mac);
}

TEST_F(DummyNetLinkTest, UpAndDownChangeTheAdministrativeState) {
  net().link_veth_add("a", "b");
  net().up("a");
  net().up("b");
  EXPECT_TRUE(info(net(), "a").is_up);
  EXPECT_TRUE(info(net(), "a").is_active);
  net().down("a");
  EXPECT_FALSE(info(net(), "a").is_up);
  EXPECT_FALSE(info(net(), "b").has_carrier);
}

TEST_F(DummyNetLinkTest, DeletingOneEndDeletesBothAndIsNoSurprise) {
  net().link_veth_add("a", "b");
  net().up("b");
  net().link_delete("a");
  EXPECT_THAT(names(net(), "veth"), IsEmpty());
  net().link_veth_add("a", "b");  // the names are free again
  net().link_delete("b");
  net().cleanup();
}

TEST_F(DummyNetLinkTest, AVlanSeparatesWhatIsOnOneCable) {
  join(net());
  for (const auto& [netns, interface, itself] :
       {std::tuple{"left", "l", "10.5.0.1/24"}, std::tuple{"right", "r", "10.5.0.2/24"}}) {
    DummyNet there = net().netns_use(netns);
    try {
      EXPECT_EQ(there.link_vlan_add(interface, 5), std::string{interface} + ".5");
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code().value(), EOPNOTSUPP);
      EXPECT_THAT(error.what(), HasSubstr("this kernel has no vlan (CONFIG_VLAN_8021Q)"));
      EXPECT_THAT(names(there, ""), ElementsAre("l", "lo"));
      GTEST_SKIP() << error.what();
    }
    there.addr_add(address(itself), std::string{interface} + ".5");
    there.up(std::string{interface} + ".5");
  }
  DummyNet left = net().netns_use("left");
  EXPECT_TRUE(succeeds(left, ping("10.5.0.2")));
  EXPECT_THAT(names(left, "vlan"), ElementsAre("l.5"));
}

TEST_F(DummyNetLinkTest, ABridgeJoinsItsPorts) {
  net().bridge_add("hub");
  net().up("hub");
  for (const std::string one : {"x", "y"}) {
    net().netns_add(one);
    net().link_veth_add(one + "0", one + "1");
    net().link_set(one, one + "1");
    net().bridge_set("hub", one + "0");
    net().up(one + "0");
    DummyNet there = net().netns_use(one);
    there.addr_add(address(one == "x" ? "10.1.0.1/24" : "10.1.0.2/24"), one + "1");
    there.up(one + "1");
  }
  EXPECT_THAT(net().bridge_list("hub"), ElementsAre("x0", "y0"));
  DummyNet x = net().netns_use("x");
  EXPECT_TRUE(succeeds(x, ping("10.1.0.2")));
}

TEST_F(DummyNetLinkTest, BadNamesAndNumbersAreRefusedBeforeAnythingIsMade) {
  for (const std::string bad : {"", "../x", "a b", "a\nb", "é", "longer-than-8"}) {
    EXPECT_THROW(net().link_veth_add("ok", bad), std::invalid_argument) << bad;
    EXPECT_THROW(net().bridge_add(bad), std::invalid_argument) << bad;
    EXPECT_THROW(net().up(bad), std::invalid_argument) << bad;
  }
  EXPECT_THROW(net().link_veth_add("a", "a"), std::invalid_argument);
  EXPECT_THROW(net().link_veth_add("a", "lo"), std::invalid_argument);
  EXPECT_THROW(net().link_delete("none"), std::invalid_argument);
  EXPECT_THROW(net().link_vlan_add("lo", 0), std::invalid_argument);
  EXPECT_THROW(net().link_vlan_add("lo", 5000, "v"), std::invalid_argument);
  EXPECT_THROW(net().bridge_set("lo", "lo"), std::invalid_argument);
  EXPECT_THROW(net().link_set("nowhere", "lo"), std::invalid_argument);
  EXPECT_THAT(names(net(), "veth"), IsEmpty());
}

TEST_F(DummyNetLinkTest, StrangeNamesMeanNothingToAnybody) {
  net().netns_add("one");
  net().link_veth_add("$(id)", ";rm");
  net().link_set("one", ";rm");
  net().netns_use("one").up(";rm");
  net().addr_add(address("10.0.0.1/24"), "$(id)");
  net().up("$(id)");
  EXPECT_THAT(names(net(), "veth"), ElementsAre("$(id)"));
  net().cleanup();
}

TEST_F(DummyNetLinkTest, ATakenNameIsTheKernelsRefusalAndLeavesTheOtherOne) {
  net().bridge_add("b");
  const auto error = thrown<std::system_error>([&] { net().link_veth_add("a", "b"); });
  EXPECT_EQ(error.code().value(), EEXIST);
  EXPECT_THAT(names(net(), "bridge"), ElementsAre("b"));
  EXPECT_THAT(names(net(), "veth"), IsEmpty());
}

// ---- namespaces and processes

TEST_F(DummyNetNamespaceTest, AreListedUsedAndDeleted) {
  net().netns_add("one");
  net().netns_add("two");
  EXPECT_THAT(net().netns_list(), ElementsAre("one", "two"));
  EXPECT_THROW(net().netns_add("one"), std::invalid_argument);
  DummyNet one = net().netns_use("one");
  net().netns_delete("one");
  EXPECT_THAT(net().netns_list(), ElementsAre("two"));
  EXPECT_THROW(one.link_list(), std::logic_error);
  EXPECT_THROW(net().netns_use("one"), std::invalid_argument);
  EXPECT_THROW(net().netns_delete(""), std::invalid_argument);
  for (const std::string bad : {"", "../x", ";rm", "a\nb", "a b", "localhost"}) {
    EXPECT_THROW(net().netns_add(bad), std::invalid_argument) << bad;
  }
  EXPECT_THROW(net().netns_add(std::string(300, 'x')), std::invalid_argument);
}

TEST_F(DummyNetNamespaceTest, DeletingOneTakesTheInterfacesInIt) {
  net().netns_add("one");
  net().link_veth_add("a", "b");
  net().link_set("one", "b");
  net().netns_delete("one");
  EXPECT_THAT(net().link_list("veth"), IsEmpty());
  net().link_veth_add("a", "b");
}

TEST_F(DummyNetNamespaceTest, AShellLineRunsWhollyInside) {
  net().netns_add("one");
  DummyNet one = net().netns_use("one");
  const std::string expected{one.run({"readlink", "/proc/self/ns/net"}).out.text()};
  const RunInfo both = one.run("readlink /proc/self/ns/net; readlink /proc/self/ns/net");
  EXPECT_EQ(both.out.text(), expected + expected);
  EXPECT_NE(net().run({"readlink", "/proc/self/ns/net"}).out.text(), expected);
}

TEST_F(DummyNetNamespaceTest, TheShellKnowsTheOptionsOfHostShell) {
  net().netns_add("one");
  NamespaceShell shell = net().netns_use("one").shell();
  EXPECT_EQ(shell.run("echo $GREETING in $PWD", {.cwd = "/", .env = {{"GREETING", "hello"}}}).out.text(),
            "hello in /\n");
  EXPECT_TRUE(shell.poll_until("cat /proc/net/dev", {.out = "*lo:*"}, 60s).succeeded());
  const ProcessHandle handle = shell.run_async({"sleep", "1000"}, {.daemon = true});
  EXPECT_THAT(net().netns_process_list("one"), ElementsAre(handle->pid()));
}

TEST_F(DummyNetNamespaceTest, ProcessesAreListedAndKilledOnlyWhereTheyAre) {
  net().netns_add("one");
  net().netns_add("two");
  const ProcessHandle here = net().netns_use("one").run_async({"sleep", "1000"});
  const ProcessHandle there = net().netns_use("two").run_async({"sleep", "1000"});
  EXPECT_THAT(net().netns_process_list("one"), ElementsAre(here->pid()));
  EXPECT_THROW(net().netns_kill_process("one", there->pid()), std::invalid_argument);
  EXPECT_THROW(net().netns_kill_process("one", ::getpid()), std::invalid_argument);
  EXPECT_THROW(net().netns_kill_process("one", 0), std::invalid_argument);
  EXPECT_THROW(net().netns_kill_process("one", -1), std::invalid_argument);
  net().netns_kill_process("one", here->pid());
  EXPECT_FALSE(here->is_running());
  EXPECT_TRUE(there->is_running());
  EXPECT_TRUE(net().monitor().keep_running(0ms)) << "what was killed on demand is no failure";
}

TEST_F(DummyNetNamespaceTest, KillAllReachesThoseThatFledTheirSession) {
  net().netns_add("one");
  DummyNet one = net().netns_use("one");
  one.run("setsid sleep 1000 > /dev/null 2>&1 < /dev/null &", {.leave_tree = true});
  one.run_async("trap '' TERM; sleep 1000 & sleep 1000; sleep 1000");
  ASSERT_TRUE(test::eventually_holds([&] { return net().netns_process_list("one").size() >= 4; }));
  net().netns_kill_all("one");
  EXPECT_THAT(net().netns_process_list("one"), IsEmpty());
  EXPECT_FALSE(net().monitor().keep_running(0ms));
  EXPECT_THROW(net().netns_kill_all(""), std::invalid_argument);
}

TEST_F(DummyNetNamespaceTest, AMonitorOfSomebodyElseMustBeASandbox) {
  ProcessMonitor plain;
  EXPECT_THROW(DummyNet{plain}, std::invalid_argument);
  ProcessMonitor sandbox{MonitorOptions{.log = {}, .sandbox = true}};
  EXPECT_THROW((DummyNet{sandbox, {.host = true, .uid = {}, .log = {}}}), std::invalid_argument);
  {
    DummyNet used{sandbox};
    join(used);
    DummyNet left = used.netns_use("left");
    EXPECT_TRUE(succeeds(left, ping("10.0.0.2")));
  }
  EXPECT_EQ(sandbox.run_process("cat /proc/net/dev | wc -l").out.text(), "3\n") << "two lines of heading, and lo";
}

// ---- addresses, routes, forwarding, NAT

/// inside 10.1.0.2 — 10.1.0.1 router 10.2.0.1 — 10.2.0.2 outside
void join_by_router(DummyNet& net) {
  for (const char* name : {"inside", "router", "outside"}) net.netns_add(name);
  net.link_veth_add("in0", "in1");
  net.link_veth_add("out0", "out1");
  net.link_set("inside", "in0");
  net.link_set("router", "in1");
  net.link_set("router", "out1");
  net.link_set("outside", "out0");
  const auto give = [&](const char* netns, const char* interface, const char* v4, const char* v6) {
    DummyNet there = net.netns_use(netns);
    there.addr_add(address(v4), interface);
    there.up(interface);
    there.addr_add(address(v6), interface);
  };
  give("inside", "in0", "10.1.0.2/24", "fd00:1::2/64");
  give("router", "in1", "10.1.0.1/24", "fd00:1::1/64");
  give("router", "out1", "10.2.0.1/24", "fd00:2::1/64");
  give("outside", "out0", "10.2.0.2/24", "fd00:2::2/64");
  net.netns_use("inside").route(ip("10.1.0.1"));
  net.netns_use("inside").route(ip("fd00:1::1"));
}

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

// ---- tc

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

// ---- cleaning up

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

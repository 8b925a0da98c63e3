#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "dummynet/net/dummy_net.hpp"
#include "support/dummy_net_test.hpp"

namespace dummynet::net {
namespace {

using namespace std::chrono_literals;
using test::join;
using test::ping;
using test::succeeds;
using testing::ElementsAre;
using testing::IsEmpty;

class DummyNetNamespaceTest : public test::DummyNetTest {};

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
  ASSERT_TRUE(test::eventually([&] { return net().netns_process_list("one").size() >= 4; }));
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

}  // namespace
}  // namespace dummynet::net

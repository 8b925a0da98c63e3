// DummyNet on a network that is not its own. Each test makes a throw-away network namespace first and plays the
// machine in there, so that the machine's own network is never touched.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "dummynet/core/error.hpp"
#include "dummynet/core/warden.hpp"
#include "dummynet/net/dummy_net.hpp"
#include "dummynet/net/link_request.hpp"
#include "dummynet/net/netlink.hpp"
#include "support/dummy_net_test.hpp"
#include "support/monitor_test.hpp"
#include "support/owner_process.hpp"

namespace dummynet::net {
namespace {

using namespace std::chrono_literals;
using test::address;
using test::ip;
using test::OwnerProcess;
using test::subnet;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

void write_file(const char* path, const std::string& text) {
  const os::Fd file{::open(path, O_WRONLY | O_CLOEXEC)};
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error{std::string{"write "} + path};
  }
}

/// The "machine": a network namespace with nothing in it but a down loopback. False where that is refused.
bool become_machine() {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (uid == 0) return ::unshare(CLONE_NEWNET) == 0;
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1");
  write_file("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1");
  return true;
}

void on_a_machine(const std::function<void()>& body) {
  test::in_child([&] {
    if (become_machine()) return body();
    const char* const required = std::getenv("DUMMYNET_REQUIRE_NETNS");
    ASSERT_TRUE(required == nullptr || std::string_view{required} != "1") << "namespaces are refused here";
    GTEST_SKIP() << "namespaces are refused here";
  });
}

NetlinkSocket machine_socket(int protocol = NETLINK_ROUTE) {
  return NetlinkSocket{os::Fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)}};
}

std::vector<LinkInfo> machine_links() {
  NetlinkSocket socket = machine_socket();
  std::vector<LinkInfo> links = list_link_infos(socket, "the machine");
  std::erase_if(links,
                [](const LinkInfo& one) { return one.name == "lo" || one.kind == "sit" || one.kind == "ip6tnl"; });
  return links;
}

/// An interface that was there before: "eth9" and its other end "eth8".
void give_machine_an_interface() {
  NetlinkSocket socket = machine_socket();
  NewLink here;
  here.name = "eth9";
  here.up = false;
  NewLink there = here;
  there.name = "eth8";
  const os::Fd itself{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
  NetlinkRequest request = make_veth(here, there, itself.get());
  socket.run({&request, 1});
}

int nft_tables() {
  NetlinkSocket socket = machine_socket(NETLINK_NETFILTER);
  NetlinkRequest request{(NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETTABLE, 0, "tables"};
  request.header<nfgenmsg>();
  int count = 0;
  socket.dump(request, [&](const nlmsghdr* message) { count = message == nullptr ? 0 : count + 1; });
  return count;
}

std::string first_line(const std::string& path) {
  std::ifstream file{path};
  std::string line;
  std::getline(file, line);
  return line;
}

std::string machine_state() {
  std::string text;
  for (const LinkInfo& one : machine_links()) {
    text += one.name + (one.is_up ? " up" : " down") + " forwarding " +
            first_line("/proc/sys/net/ipv4/conf/" + one.name + "/forwarding");
    NetlinkSocket socket = machine_socket();
    const auto qdisc = read_qdisc(socket, one.index, one.name);
    // One that the kernel chose by itself appears with the first up.
    text += " qdisc " + (qdisc && qdisc->kind != "noqueue" ? qdisc->kind : "none") + '\n';
  }
  std::ifstream routes{"/proc/self/net/fib_trie"};
  for (std::string line; std::getline(routes, line);) {
    if (line.find("10.99.") != std::string::npos) text += line + '\n';
  }
  return text + "forwarding of IPv6 " + first_line("/proc/sys/net/ipv6/conf/all/forwarding") + ", tables " +
         std::to_string(nft_tables());
}

DummyNetOptions host(std::optional<std::uint32_t> uid = {}) { return {.host = true, .uid = uid, .log = {}}; }

/// Changes everything that can be changed.
void use_up(DummyNet& net) {
  net.netns_add("far");
  net.link_veth_add("a", "b");
  net.link_veth_add("x", "y");
  net.bridge_add("hub");
  net.bridge_set("hub", "y");
  net.link_set("far", "b");
  net.up("a");
  net.up("hub");
  net.addr_add(address("10.99.0.1/24"), "a");
  net.netns_use("far").run_async({"sleep", "1000"}, {.daemon = true});
}

/// The same with what was there before.
void use_up_foreign(DummyNet& net) {
  net.up("eth9");
  net.up("eth8");
  net.addr_add(address("10.99.1.1/24"), "eth9");
  net.route(subnet("10.99.2.0/24"), ip("10.99.1.2"));
  net.forward("eth9", "eth8");
  net.nat(subnet("10.99.0.0/24"), "eth9");
  net.tc("eth9", {.delay = {}, .loss_percent = 0, .rate_mbit = 10, .limit_packets = {}});
}

TEST(DummyNetHost, ActsOnTheMachinesNetworkAndUndoesIt) {
  on_a_machine([] {
    give_machine_an_interface();
    const std::string before = machine_state();
    {
      DummyNet net{host()};
      use_up(net);
      std::vector<std::string> names;
      for (const LinkInfo& one : machine_links()) names.push_back(one.name);
      EXPECT_THAT(names, Contains(net.kernel_name("a")));
      EXPECT_THAT(names, Contains(net.kernel_name("hub")));
      DummyNet plain{host(0)};
      use_up_foreign(plain);
      EXPECT_THAT(machine_state(), HasSubstr("eth9 up forwarding 1 qdisc tbf"));
      EXPECT_EQ(nft_tables(), 1);
    }
    EXPECT_EQ(machine_state(), before);
  });
}

TEST(DummyNetHost, NothingIsLeftWhenTheOwnerIsKilled) {
  on_a_machine([] {
    give_machine_an_interface();
    const std::string before = machine_state();
    OwnerProcess owner{OwnerProcess::Terminal::none, [](const OwnerProcess::Talk& talk) {
                         DummyNet net{host()};
                         use_up(net);
                         DummyNet plain{host(0)};
                         use_up_foreign(plain);
                         talk.say("ready");
                         talk.wait();
                       }};
    ASSERT_EQ(owner.line(), "ready");
    EXPECT_NE(machine_state(), before);
    owner.kill(SIGKILL);
    owner.wait();
    EXPECT_TRUE(test::eventually([&] { return machine_state() == before; })) << machine_state();
  });
}

TEST(DummyNetHost, NothingIsLeftWhenTheWardenIsKilled) {
  on_a_machine([] {
    give_machine_an_interface();
    const std::string before = machine_state();
    OwnerProcess owner{OwnerProcess::Terminal::none, [](const OwnerProcess::Talk& talk) {
                         DummyNet net{host()};
                         use_up(net);
                         talk.say(std::to_string(net.monitor().warden().pid()));
                         talk.wait();
                       }};
    const pid_t warden = std::stoi(owner.line());
    EXPECT_NE(machine_state(), before);
    ::kill(warden, SIGKILL);
    EXPECT_TRUE(test::eventually([&] { return machine_state() == before; })) << machine_state();
    owner.go();
    owner.wait();
  });
}

TEST(DummyNetHost, TwoProgramsMayUseTheSameNames) {
  on_a_machine([] {
    const auto body = [](const OwnerProcess::Talk& talk) {
      DummyNet net{host()};
      use_up(net);
      talk.say(net.kernel_name("a"));
      talk.wait();
    };
    OwnerProcess one{OwnerProcess::Terminal::none, body};
    OwnerProcess other{OwnerProcess::Terminal::none, body};
    const std::string name = one.line();
    const std::string other_name = other.line();
    EXPECT_THAT(name, StartsWith("d-"));
    EXPECT_THAT(other_name, StartsWith("d-"));
    EXPECT_NE(name, other_name);
    EXPECT_THAT(machine_links(), SizeIs(8));
    one.go();
    one.wait();
    EXPECT_THAT(machine_links(), SizeIs(4)) << "the other one's are still there";
    other.go();
    other.wait();
    EXPECT_THAT(machine_links(), IsEmpty());
  });
}

TEST(DummyNetHost, WhatWasThereBeforeIsNeitherDeletedNorLost) {
  on_a_machine([] {
    give_machine_an_interface();
    DummyNet net{host(0)};
    net.netns_add("far");
    EXPECT_THROW(net.link_delete("eth9"), std::invalid_argument);
    EXPECT_THROW(net.link_set("far", "eth9"), std::invalid_argument);
    EXPECT_THROW(net.link_veth_add("a", "eth9"), std::system_error);
    EXPECT_THROW(net.addr_add(address("10.99.1.1/24"), "eth7"), std::invalid_argument);
    net.tc("eth9", {.delay = {}, .loss_percent = 0, .rate_mbit = 10, .limit_packets = {}});
    DummyNet another{host(0)};
    EXPECT_THROW(another.tc("eth9", {.delay = {}, .loss_percent = 0, .rate_mbit = 20, .limit_packets = {}}),
                 std::system_error)
        << "somebody else's";
    net.cleanup();
    EXPECT_THAT(machine_links(), SizeIs(2));
  });
}

TEST(DummyNetHost, NeedsTheRightsOfRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "of interest when root has them";
  test::as_nobody([] {
    try {
      const DummyNet net{host()};
      FAIL() << "an ordinary user changes the machine's network";
    } catch (const StartError& error) {
      EXPECT_EQ(error.error_number(), EPERM);
      EXPECT_THAT(error.what(), HasSubstr("needs CAP_SYS_ADMIN and CAP_NET_ADMIN"));
    }
  });
}

TEST(DummyNetUser, AnOrdinaryUserHasAPrivateRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "all tests here show it";
  test::as_nobody([] {
    DummyNet net;
    test::join(net);
    DummyNet left = net.netns_use("left");
    EXPECT_TRUE(test::succeeds(left, test::ping("10.0.0.2")));
    const ProcessHandle handle = left.run_async({"sleep", "1000"});
    EXPECT_THAT(net.netns_process_list("left"), testing::ElementsAre(handle->pid()));
    net.netns_kill_all("left");
    EXPECT_THAT(net.netns_process_list("left"), IsEmpty());
  });
}

TEST(DummyNetCGroupOwner, TheGroupIsRemovedWhenTheOwnerIsKilled) {
  OwnerProcess owner{OwnerProcess::Terminal::none, [](const OwnerProcess::Talk& talk) {
                       DummyNet net;
                       const ProcessHandle handle = net.run_async({"sleep", "1000"});
                       const CGroup& group =
                           net.add_cgroup("small", {.cpus = 1, .memory_bytes = 64U << 20U}, {handle->pid()});
                       for (const std::string& one : group.directories()) talk.say(one);
                       talk.say("ready");
                       talk.wait();
                     }};
  std::vector<std::string> directories;
  for (std::string line = owner.line(); line != "ready"; line = owner.line()) {
    if (!line.starts_with('/')) GTEST_SKIP() << line;
    directories.push_back(line);
  }
  const auto is_there = [](const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0;
  };
  for (const std::string& one : directories) EXPECT_TRUE(is_there(one)) << one;
  owner.kill(SIGKILL);
  owner.wait();
  EXPECT_TRUE(test::eventually([&] { return std::none_of(directories.begin(), directories.end(), is_there); }));
}

}  // namespace
}  // namespace dummynet::net

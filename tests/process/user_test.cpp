// Who a process is: RunOptions::user, as real root, in an ordinary user's sandbox, and on the host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "dummynet/core/monitor.hpp"
#include "dummynet/core/warden.hpp"
#include "dummynet/os/check.hpp"
#include "support/monitor_test.hpp"
#include "support/test_user.hpp"

namespace dummynet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kNobody = "65534";

/// A monitor with one node, whose loopback is up.
class NodeMonitor {
 public:
  NodeMonitor() : node_{monitor.warden().make_node().id} {
    const os::Fd socket = monitor.warden().open_socket(node_, AF_INET, SOCK_DGRAM, 0);
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP;
    os::check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "set lo up");
  }
  std::string run(const Command& command, const std::string& user) {
    return std::string{monitor.run_process(command, options(user)).out.text()};
  }
  RunOptions options(const std::string& user) const {
    RunOptions chosen;
    chosen.place.node = node_;
    chosen.user = user;
    return chosen;
  }

  ProcessMonitor monitor{options_for(Kind::sandbox)};

 private:
  int node_;
};

uid_t owner_of(const std::string& file) {
  struct stat status {};
  os::check(::stat(file.c_str(), &status), "stat", file);
  return status.st_uid;
}

void expect_low_port_and_ping(NodeMonitor& node, const std::string& user) {
  RunOptions server = node.options(user);
  server.daemon = true;
  server.ready = Ready::listen(80);
  node.monitor.wait_ready(node.monitor.run_process_async({payload("listener"), "tcp", "127.0.0.1", "80"}, server));
  // The program alone, without the file capability that its package gives it.
  EXPECT_THAT(node.run("cp \"$(command -v ping)\" \"$DIR/ping-" + user + "\" && \"$DIR/ping-" + user +
                           "\" -c 1 -W 30 127.0.0.1",
                       user),
              HasSubstr("1 received"));
  node.monitor.stop();
}

class UserTest : public MonitorTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, who can be others too";
    ::setenv("DIR", path("").c_str(), 1);
  }
};

TEST_F(UserTest, IsAnyAccountForRoot) {
  NodeMonitor node;
  EXPECT_EQ(node.run({"id", "-u"}, ""), "0\n");
  EXPECT_EQ(node.run({"id", "-u"}, "root"), "0\n");
  EXPECT_EQ(node.run({"id", "-u"}, "self"), "0\n");
  for (const char* user : {"nobody", kNobody}) {
    EXPECT_EQ(node.run("id -u; id -g; id -G", user), "65534\n65534\n65534\n");
    EXPECT_EQ(node.run("echo $USER $LOGNAME $HOME", user), "nobody nobody /nonexistent\n");
  }
  EXPECT_EQ(node.run("id -u; id -g; id -G", "3999999999"), "3999999999\n3999999999\n3999999999\n");
}

TEST_F(UserTest, HasTheGroupsOfItsAccount) {
  if (const std::string why = TestUser::why_not(); !why.empty()) GTEST_SKIP() << why;
  const TestUser user;
  NodeMonitor node;
  node.monitor.run_process({"usermod", "--append", "--groups", "games,audio", user.name()});
  const RunInfo expected = node.monitor.run_process({"id", "-Gn", user.name()});
  EXPECT_THAT(expected.out.text(), AllOf(HasSubstr("games"), HasSubstr("audio")));
  EXPECT_EQ(node.run({"id", "-Gn"}, user.name()), expected.out.text());
}

TEST_F(UserTest, OwnsWhatItWrites) {
  NodeMonitor node;
  RunOptions here = node.options("nobody");
  here.cwd = path("");
  node.monitor.run_process("echo x > by-nobody", here);
  EXPECT_EQ(owner_of(path("by-nobody")), 65534U);
}

TEST_F(UserTest, HasNoRightsButLowPortsAndPing) {
  NodeMonitor node;
  EXPECT_THAT(node.run("grep ^CapEff /proc/self/status", "nobody"), HasSubstr("0000000000000000"));
  expect_low_port_and_ping(node, "nobody");
}

TEST_F(UserTest, MustExist) {
  NodeMonitor node;
  const auto error = thrown<StartError>([&] { node.run({"true"}, "no-such-account"); });
  EXPECT_EQ(error.step(), StartError::Step::argument);
  EXPECT_EQ(error.object(), "user");
  EXPECT_THAT(error.what(), HasSubstr("there is no account 'no-such-account'"));
}

TEST_F(UserTest, OfAnOrdinaryUsersSandboxIsRootOrHimself) {
  as_nobody([this] {
    NodeMonitor node;
    EXPECT_EQ(node.run({"id", "-u"}, ""), "0\n");
    EXPECT_EQ(node.run({"id", "-u"}, "root"), "0\n");
    EXPECT_EQ(node.run("id -u; id -g", "self"), "65534\n65534\n");
    EXPECT_THAT(node.run("grep ^CapEff /proc/self/status", "self"), HasSubstr("0000000000000000"));
    EXPECT_THAT(node.run("grep ^CapEff /proc/self/status", "root"), Not(HasSubstr("0000000000000000")));
    // The same node, the same views.
    EXPECT_EQ(node.run("readlink /proc/self/ns/net /proc/self/ns/mnt /proc/self/ns/pid", "self"),
              node.run("readlink /proc/self/ns/net /proc/self/ns/mnt /proc/self/ns/pid", "root"));
    for (const char* user : {"self", "root"}) {
      RunOptions here = node.options(user);
      here.cwd = path("");
      node.monitor.run_process(std::string{"echo x > by-"} + user, here);
      EXPECT_EQ(owner_of(path(std::string{"by-"} + user)), 65534U);
    }
    expect_low_port_and_ping(node, "self");
  });
}

TEST_F(UserTest, OfAnOrdinaryUsersSandboxCanBeNobodyElse) {
  as_nobody([] {
    NodeMonitor node;
    const auto error = thrown<StartError>([&] { node.run({"true"}, "daemon"); });
    EXPECT_EQ(error.step(), StartError::Step::argument);
    EXPECT_THAT(error.what(), HasSubstr("knows no ids but his own"));
    EXPECT_THAT(node.monitor.find_fault_in_user("daemon").value_or(""),
                HasSubstr("'daemon' needs a sandbox that real"));
    EXPECT_FALSE(node.monitor.find_fault_in_user("self"));
  });
}

TEST_F(UserTest, EndsWithItsTreeWhoeverItIs) {
  for (const bool ordinary : {false, true}) {
    const auto body = [ordinary] {
      NodeMonitor node;
      RunOptions options = node.options(ordinary ? "self" : "nobody");
      options.leave_tree = true;
      node.monitor.run_process("setsid sleep 1000 & sleep 1000 & exit 0", options);
      node.monitor.run_process_async({"sleep", "1000"}, options);
      node.monitor.stop(true, 1s);
    };
    ordinary ? as_nobody(body) : body();
  }
}

TEST_F(UserTest, MaySendItsOwnReadiness) {
  NodeMonitor node;
  RunOptions options = node.options("nobody");
  options.daemon = true;
  options.ready = Ready::exec("test $(id -u) = 65534");
  node.monitor.wait_ready(node.monitor.run_process_async({"sleep", "1000"}, options));
}

class HostUserTest : public UserTest, public testing::WithParamInterface<Kind> {};
INSTANTIATE_TEST_SUITE_P(Everywhere, HostUserTest, testing::Values(Kind::plain, Kind::no_cgroup, Kind::isolate),
                         kind_name);

TEST_P(HostUserTest, IsAnyAccountForRootAlone) {
  {
    ProcessMonitor monitor{options_for(GetParam())};
    EXPECT_EQ(monitor.run_process({"id", "-u"}, {.user = "nobody"}).out.text(), "65534\n");
    EXPECT_EQ(monitor.run_process({"id", "-u"}, {.user = "self"}).out.text(), "0\n");
    EXPECT_EQ(thrown<StartError>([&] { monitor.run_process({"true"}, {.user = "no-such-account"}); }).object(), "user");
    monitor.run_process("setsid sleep 1000 & exit 0", {.user = "nobody", .leave_tree = true});
    monitor.run_process_async({"sleep", "1000"}, {.user = "nobody"});
    monitor.stop(true, 1s);
  }
  as_nobody([] {
    ProcessMonitor monitor{options_for(GetParam())};
    EXPECT_EQ(monitor.run_process({"id", "-u"}, {.user = "self"}).out.text(), "65534\n");
    EXPECT_EQ(monitor.run_process({"id", "-u"}, {.user = "nobody"}).out.text(), "65534\n");
    EXPECT_THAT(thrown<StartError>([&] { monitor.run_process({"true"}, {.user = "root"}); }).what(),
                HasSubstr("only root may"));
  });
}

TEST_F(UserTest, IsNotForSudo) {
  ProcessMonitor monitor;
  EXPECT_THAT(thrown<StartError>([&] { monitor.run_process({"true"}, {.sudo = true, .user = "nobody"}); }).what(),
              HasSubstr("sudo makes it root already"));
}

}  // namespace
}  // namespace dummynet::test

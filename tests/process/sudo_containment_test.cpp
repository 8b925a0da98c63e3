// Nothing of what runs as root remains, whoever is killed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "dummynet/core/warden.hpp"
#include "dummynet/os/cgroup.hpp"

#include "support/sudo_fixture.hpp"

namespace dummynet {
namespace {

using namespace std::chrono_literals;
using namespace test;  // NOLINT

class SudoContainment : public SudoFixture {};

std::string forks_away(const std::string& marker) {
  return "setsid sh -c 'setsid sleep " + marker + " & exit 0' >/dev/null 2>&1 & wait";
}

TEST_F(SudoContainment, ADoubleForkInItsOwnSessionDoesNotSurviveItsLeader) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::right, [this](const Talk& talk) {
    ProcessMonitor monitor;
    const RunInfo info = monitor.run_process(forks_away(marker), {.sudo = true, .drain = 1ms});
    talk.say("left: " + processes_with(marker) + ' ' + std::to_string(info.leftovers.size()));
  });
  EXPECT_EQ(owner.line(), "left:  1");
}

// What an owner does whose end, or whose warden's end, the test brings about.
OwnerProcess::Body hold_processes_of_root(const std::string& marker, const MonitorOptions& options = {}) {
  return [marker, options](const Talk& talk) {
    ProcessMonitor monitor{options};
    monitor.run_process_async({"sleep", marker}, {.daemon = true, .sudo = true});
    monitor.run_process_async(forks_away(marker), {.sudo = true, .leave_tree = true});
    while (monitor.keep_running()) {
    }
    talk.say(std::to_string(monitor.warden().pid()));
    talk.wait();
    try {
      while (monitor.keep_running(10ms)) {
      }
    } catch (const std::exception& error) {
      talk.say(error.what());
    }
    monitor.stop(false);
    talk.say("left: " + processes_with(marker));
  };
}

pid_t child_of(pid_t parent, const std::string& command) {
  const std::string wanted = "(" + command + ")";
  for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    if (entry.path().filename().string().find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string stat = read_whole(entry.path() / "stat");
    const std::size_t name = stat.find(wanted);
    if (name == std::string::npos) continue;
    if (std::atoi(stat.c_str() + name + wanted.size() + 3) == parent) return std::atoi(stat.c_str());
  }
  return -1;
}

// A zombie that a slow PID 1 has not yet reaped is not.
bool is_alive(pid_t pid) {
  const std::string stat = read_whole("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  return name_end != std::string::npos && stat.compare(name_end, 3, ") Z") != 0;
}

// What an owner says in the end, after whatever else went wrong for it.
std::string said_about_the_rest(OwnerProcess& owner) {
  std::string said = owner.line();
  while (!said.empty() && !said.starts_with("left")) said = owner.line();
  return said;
}

struct Pids {
  pid_t warden;
  pid_t sudo;
  pid_t root_warden;
};

Pids look_at(OwnerProcess& owner) {
  Pids pids{};
  pids.warden = std::atoi(owner.line().c_str());
  pids.sudo = child_of(pids.warden, "sudo");
  pids.root_warden = child_of(child_of(pids.sudo, "dummynet-guard"), "dummynet-warden");
  return pids;
}

TEST_F(SudoContainment, NothingSurvivesTheKilledOwner) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::right, hold_processes_of_root(marker));
  const Pids pids = look_at(owner);
  ASSERT_GT(pids.root_warden, 0);
  ASSERT_NE(processes_with(marker), "");

  owner.kill(SIGKILL);
  owner.wait();

  EXPECT_TRUE(eventually([&] { return processes_with(marker).empty(); })) << processes_with(marker);
  EXPECT_TRUE(
      eventually([&] { return !is_alive(pids.warden) && !is_alive(pids.sudo) && !is_alive(pids.root_warden); }));
}

TEST_F(SudoContainment, NothingSurvivesTheKilledOwnerWithoutCgroups) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::right, hold_processes_of_root(marker, {.use_cgroups = false}));
  const Pids pids = look_at(owner);
  ASSERT_GT(pids.root_warden, 0);
  ASSERT_NE(processes_with(marker), "");

  owner.kill(SIGKILL);
  owner.wait();

  EXPECT_TRUE(eventually([&] { return processes_with(marker).empty(); })) << processes_with(marker);
  EXPECT_TRUE(eventually([&] { return !is_alive(pids.sudo) && !is_alive(pids.root_warden); }));
}

TEST_F(SudoContainment, NothingSurvivesStopWithoutCgroups) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::right, hold_processes_of_root(marker, {.use_cgroups = false}));
  const Pids pids = look_at(owner);
  owner.go();
  EXPECT_EQ(owner.line(), "left: ");
  EXPECT_EQ(owner.wait(), 0);
  EXPECT_FALSE(is_alive(pids.sudo) || is_alive(pids.root_warden));
}

// A cgroup that belongs to the user, as systemd gives to a user's session: sudo and root's warden get into it.
class DelegatedCgroup {
 public:
  explicit DelegatedCgroup(const TestUser& user) : name_{user.name()} {
    const std::string root = os::Cgroup::where_am_i();
    if (root.empty()) return;
    path_ = root + '/' + name_;
    std::filesystem::create_directory(path_);
    for (const char* name : {"", "/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control"}) {
      EXPECT_EQ(::chown((path_ + name).c_str(), user.uid(), static_cast<gid_t>(-1)), 0);
    }
  }
  ~DelegatedCgroup() {
    if (!path_.empty()) os::Cgroup::open(os::Cgroup::where_am_i()).remove_child(name_);
  }
  void enter() const { os::Cgroup::open(path_).add(0); }
  bool has_children() const {
    return std::any_of(std::filesystem::directory_iterator{path_}, {},
                       [](const auto& one) { return one.is_directory(); });
  }
  explicit operator bool() const { return !path_.empty(); }

 private:
  std::string name_;
  std::string path_;
};

TEST_F(SudoContainment, NothingSurvivesInADelegatedCgroup) {
  const DelegatedCgroup cgroup{*user};
  if (!cgroup) GTEST_SKIP() << "no cgroup v2 here";
  user->set_rule(kWithPassword);
  for (const bool by_kill : {false, true}) {
    SCOPED_TRACE(by_kill ? "owner killed" : "stopped");
    OwnerProcess owner{OwnerProcess::Terminal::none, [&](const Talk& talk) {
                         cgroup.enter();
                         as_user(Password::right, hold_processes_of_root(marker))(talk);
                       }};
    const Pids pids = look_at(owner);
    ASSERT_GT(pids.root_warden, 0);
    EXPECT_TRUE(cgroup.has_children());

    if (by_kill) {
      owner.kill(SIGKILL);
    } else {
      owner.go();
      EXPECT_EQ(owner.line(), "left: ");
    }
    owner.wait();

    EXPECT_TRUE(eventually([&] { return processes_with(marker).empty(); })) << processes_with(marker);
    EXPECT_TRUE(eventually([&] { return !is_alive(pids.sudo) && !is_alive(pids.root_warden); }));
    EXPECT_TRUE(eventually([&] { return !cgroup.has_children(); }));
  }
}

TEST_F(SudoContainment, NothingSurvivesStopAfterSudoWasKilled) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::right, hold_processes_of_root(marker));
  const Pids pids = look_at(owner);
  ASSERT_GT(pids.sudo, 0);

  ASSERT_EQ(::kill(pids.sudo, SIGKILL), 0);
  owner.go();

  EXPECT_EQ(said_about_the_rest(owner), "left: ");
  EXPECT_TRUE(eventually([&] { return !is_alive(pids.root_warden); }));
}

TEST_F(SudoContainment, NothingSurvivesStopAfterTheUsersWardenWasKilled) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::right, hold_processes_of_root(marker));
  const Pids pids = look_at(owner);
  ASSERT_GT(pids.root_warden, 0);

  ASSERT_EQ(::kill(pids.warden, SIGKILL), 0);
  owner.go();

  EXPECT_EQ(said_about_the_rest(owner), "left: ");
  EXPECT_TRUE(eventually([&] { return !is_alive(pids.sudo) && !is_alive(pids.root_warden); }));
}

TEST_F(SudoContainment, NothingSurvivesOwnerAndItsWardenKilledTogether) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::right, hold_processes_of_root(marker));
  const Pids pids = look_at(owner);
  ASSERT_GT(pids.root_warden, 0);

  ::kill(pids.warden, SIGKILL);
  owner.kill(SIGKILL);

  EXPECT_TRUE(eventually([&] { return processes_with(marker).empty(); })) << processes_with(marker);
  EXPECT_TRUE(eventually([&] { return !is_alive(pids.sudo) && !is_alive(pids.root_warden); }));
}

}  // namespace
}  // namespace dummynet

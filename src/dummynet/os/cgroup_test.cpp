#include "dummynet/os/cgroup.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <system_error>

#include "dummynet/os/cgroup_v1.hpp"
#include "dummynet/os/check.hpp"
#include "support/waiting.hpp"

namespace dummynet::os {
namespace {

using namespace std::chrono_literals;
using test::becomes_empty;
using test::eventually;

/// Starts `body` in a child that has put itself into a cgroup first, as the warden's children do. It is in there when
/// this returns.
pid_t start_in(const Fd& procs, const std::function<void()>& body) {
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC), "pipe2");
  const Fd from_child{ends[0]};
  Fd to_parent{ends[1]};
  const pid_t child = ::fork();
  if (child == 0) {
    if (::write(procs.get(), "0", 1) != 1 || ::write(to_parent.get(), "i", 1) != 1) ::_exit(127);
    body();
    ::_exit(0);
  }
  to_parent = Fd{};
  char byte = 0;
  EXPECT_EQ(::read(from_child.get(), &byte, 1), 1) << "the child could not enter the cgroup";
  return child;
}

void sleep_for_ever() {
  for (;;) ::pause();
}

int reap(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

/// A cgroup of our own in which the tests make theirs.
class CgroupTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string where = Cgroup::where_am_i();
    if (where.empty()) GTEST_SKIP() << "no cgroup2 mount shows this process's cgroup";
    // Beside us, where controllers can be had, before below us: the rule of no internal processes, cgroups(7).
    std::string why;
    for (const std::string& place : {where.substr(0, where.rfind('/')), where}) {
      try {
        parent_ = Cgroup::open(place);
        cgroup_ = parent_.create(name_);
        return;
      } catch (const std::system_error& error) {
        why = error.what();
      }
    }
    GTEST_SKIP() << "cannot make a cgroup at " << where << ": " << why;
  }
  void TearDown() override {
    if (!cgroup_) return;
    cgroup_.kill_all();
    for (const pid_t child : children_) reap(child);
    EXPECT_TRUE(eventually([&] { return parent_.remove_child(name_); }));
    EXPECT_THROW(parent_.open_child(name_), std::system_error);
  }
  pid_t start(const Cgroup& cgroup, const std::function<void()>& body) {
    children_.push_back(start_in(cgroup.open_procs(), body));
    return children_.back();
  }
  static bool contains(const Cgroup& cgroup, pid_t pid) {
    const std::vector<pid_t> pids = cgroup.processes();
    return std::find(pids.begin(), pids.end(), pid) != pids.end();
  }

  const std::string name_ = "dummynet-test-" + std::to_string(::getpid());
  Cgroup parent_{Fd{}};
  Cgroup cgroup_{Fd{}};
  std::vector<pid_t> children_;
};

TEST_F(CgroupTest, IsEmptyAtFirst) {
  EXPECT_FALSE(cgroup_.is_populated());
  EXPECT_EQ(cgroup_.processes(), std::vector<pid_t>{});
  EXPECT_EQ(cgroup_.cpu_time().value().usage, 0us);
}

TEST_F(CgroupTest, RefusesATakenName) {
  try {
    parent_.create(name_);
    FAIL() << "made twice";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EEXIST);
    EXPECT_NE(std::string{error.what()}.find(name_), std::string::npos);
  }
}

TEST_F(CgroupTest, ListsProcessesOfCgroupsBelow) {
  const Cgroup below = cgroup_.create("below");
  const pid_t direct = start(cgroup_, sleep_for_ever);
  const pid_t deeper = start(below, sleep_for_ever);

  EXPECT_TRUE(contains(cgroup_, direct));
  EXPECT_TRUE(contains(cgroup_, deeper));
  EXPECT_FALSE(contains(below, direct));
  EXPECT_TRUE(cgroup_.is_populated());
}

TEST_F(CgroupTest, KillsDetachedAndStoppedProcessesAtOnce) {
  const Cgroup below = cgroup_.create("below");
  start(below, [] {
    ::signal(SIGTERM, SIG_IGN);
    if (::fork() == 0) {
      ::setsid();
      if (::fork() == 0) ::raise(SIGSTOP);
    }
    sleep_for_ever();
  });
  ASSERT_TRUE(eventually([&] { return cgroup_.processes().size() == 3; }));

  cgroup_.kill_all();

  EXPECT_TRUE(becomes_empty(cgroup_));
}

TEST_F(CgroupTest, KillsForkChainsTheOldWayToo) {
  // Freezing is what makes the old way sure; it has been there since Linux 5.2.
  start(cgroup_, [] {
    if (::fork() != 0) sleep_for_ever();
    for (;;) {
      if (::fork() != 0) ::_exit(0);
    }
  });

  cgroup_.kill_each();

  EXPECT_TRUE(becomes_empty(cgroup_));
}

TEST_F(CgroupTest, TellsWhenTheLastProcessIsGone) {
  start(cgroup_, sleep_for_ever);
  const Fd events = cgroup_.open_events();
  char byte = 0;
  ASSERT_EQ(::pread(events.get(), &byte, 1, 0), 1);  // arms the notification

  cgroup_.kill_all();

  pollfd watch{events.get(), POLLPRI, 0};
  EXPECT_EQ(::poll(&watch, 1, 30'000), 1);
  EXPECT_TRUE(becomes_empty(cgroup_));
}

TEST_F(CgroupTest, MovesAProcessIn) {
  children_.push_back(::fork());
  if (children_.back() == 0) sleep_for_ever();

  cgroup_.add(children_.back());

  EXPECT_TRUE(contains(cgroup_, children_.back()));
  EXPECT_THROW(cgroup_.add(0x7fffffff), std::system_error);
}

TEST_F(CgroupTest, CountsCpuTimeOfProcessesThatAreGone) {
  start(cgroup_, [] {
    timespec used{};
    do {
      ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    } while (used.tv_nsec < 30'000'000);
  });
  reap(children_.back());
  children_.clear();

  const Cgroup::CpuTime time = cgroup_.cpu_time().value();

  EXPECT_GE(time.usage, 29ms);
  EXPECT_LE((time.user + time.system - time.usage).count(), 10);
}

TEST_F(CgroupTest, CannotBeRemovedWhileSomebodyIsInside) {
  const Cgroup below = cgroup_.create("below");
  start(below, sleep_for_ever);

  EXPECT_FALSE(parent_.remove_child(name_));

  EXPECT_TRUE(cgroup_.is_populated());
}

TEST_F(CgroupTest, AnswersWithNothingAfterRemoval) {
  const Cgroup below = cgroup_.create("below");
  ASSERT_TRUE(cgroup_.remove_child("below"));
  ASSERT_TRUE(cgroup_.remove_child("below"));

  EXPECT_FALSE(below.is_populated());
  EXPECT_EQ(below.processes(), std::vector<pid_t>{});
  EXPECT_FALSE(below.cpu_time());
  EXPECT_EQ(below.memory_peak_bytes(), std::nullopt);
  EXPECT_NO_THROW(below.kill_all());
}

TEST_F(CgroupTest, NamesTheLimitsThatCannotBeHad) {
  const std::vector<Cgroup::Refusal> refused =
      cgroup_.set_limits({.memory_bytes = 64U << 20U, .cpus = 0.5, .processes = 20});

  // Whatever is enabled here: a limit is either in force or refused, never silently neither.
  const auto is_refused = [&](const char* what) {
    return std::any_of(refused.begin(), refused.end(), [&](const auto& refusal) { return refusal.what == what; });
  };
  EXPECT_EQ(is_refused("memory.max"), ::faccessat(cgroup_.fd(), "memory.max", F_OK, 0) != 0);
  EXPECT_EQ(is_refused("cpu.max"), ::faccessat(cgroup_.fd(), "cpu.max", F_OK, 0) != 0);
  EXPECT_EQ(is_refused("pids.max"), ::faccessat(cgroup_.fd(), "pids.max", F_OK, 0) != 0);
  EXPECT_EQ(cgroup_.memory_current_bytes().has_value(), !is_refused("memory.max"));
}

TEST_F(CgroupTest, EnablesControllersForALeafBelow) {
  const std::vector<std::string> available = cgroup_.controllers();
  const auto is_available = [&](const char* name) {
    return std::find(available.begin(), available.end(), name) != available.end();
  };
  if (!is_available("pids") || !is_available("memory")) GTEST_SKIP() << "v2 has no pids and memory controllers here";

  const std::vector<Cgroup::Refusal> refused = cgroup_.enable_controllers({"memory", "pids", "no-such"});
  const Cgroup leaf = cgroup_.create("leaf");
  const std::vector<Cgroup::Refusal> refused_limits = leaf.set_limits({.memory_bytes = 64U << 20U, .processes = 2});
  start(leaf, [] {
    if (::fork() == 0) sleep_for_ever();
    if (::fork() != -1 || errno != EAGAIN) ::_exit(1);
    sleep_for_ever();
  });

  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].what, "+no-such");
  EXPECT_EQ(refused[0].error_number, ENOENT);
  EXPECT_EQ(refused_limits.size(), 0U);
  EXPECT_TRUE(eventually([&] { return leaf.processes().size() == 2; }));
  EXPECT_GT(leaf.memory_current_bytes().value(), 0U);
}

TEST(CpuMaxText, KeepsSmallQuotasAboveTheKernelsMinimum) {
  EXPECT_EQ(cpu_max_text(1.5), "150000 100000");
  EXPECT_EQ(cpu_max_text(0.1), "10000 100000");
  EXPECT_EQ(cpu_max_text(0.005), "5000 1000000");
  EXPECT_EQ(cpu_max_text(0.00001), "1000 1000000");
}

TEST(CgroupV1, CountsAndLimitsTheMemoryOfATree) {
  const std::string where = CgroupV1::where_am_i();
  if (where.empty()) GTEST_SKIP() << "no v1 memory hierarchy shows this process's cgroup";
  const CgroupV1 parent = CgroupV1::open(where);
  const std::string name = "dummynet-test-" + std::to_string(::getpid());
  CgroupV1 cgroup{Fd{}};
  try {
    cgroup = parent.create(name);
  } catch (const std::system_error& error) {
    GTEST_SKIP() << "cannot make a cgroup in " << where << ": " << error.what();
  }

  constexpr std::size_t kBytes = 20U << 20U;
  const int limit_error = cgroup.set_limit_in_bytes(256U << 20U);
  const pid_t child = start_in(cgroup.open_procs(), [] {
    std::vector<char> memory(kBytes, 'x');
    if (memory[memory.size() / 2] != 'x') ::_exit(1);
  });
  const int status = reap(child);

  EXPECT_EQ(limit_error, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(cgroup.limit_in_bytes(), 256U << 20U);
  EXPECT_GE(cgroup.max_usage_in_bytes().value(), kBytes);
  EXPECT_LT(cgroup.usage_in_bytes().value(), kBytes);
  EXPECT_TRUE(eventually([&] { return parent.remove_child(name); }));
  EXPECT_EQ(cgroup.usage_in_bytes(), std::nullopt);
}

}  // namespace
}  // namespace dummynet::os

#include "dummynet/net/cgroup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <system_error>

#include "support/dummy_net_test.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::net {
namespace {

using test::thrown;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

/// The first file of one of these names in one of the directories.
std::string read_first(const CGroup& group, const std::vector<std::string>& names) {
  for (const std::string& directory : group.directories()) {
    for (const std::string& name : names) {
      std::ifstream file{directory + '/' + name};
      std::string line;
      if (std::getline(file, line)) return line;
    }
  }
  return {};
}

class CGroupTest : public test::MonitorTest {
 protected:
  void SetUp() override {
    try {
      const CGroup trial{name_, both()};
    } catch (const std::system_error& error) {
      if (error.code().value() != ENOTSUP) throw;
      GTEST_SKIP() << "no control groups for us here: " << error.what();
    }
  }
  static CGroupLimits both() { return {.cpus = 0.5, .memory_bytes = 64U << 20U}; }
  const std::string name_ = "dummynet-test-" + std::to_string(::getpid());
  ProcessMonitor monitor_;
};

TEST_F(CGroupTest, SetsBothLimitsAndGoes) {
  std::vector<std::string> directories;
  {
    const CGroup group{name_, both()};
    directories = group.directories();
    EXPECT_THAT(read_first(group, {"cpu.max", "cpu.cfs_quota_us"}), testing::StartsWith("50000"));
    EXPECT_EQ(read_first(group, {"memory.max", "memory.limit_in_bytes"}), std::to_string(64U << 20U));
    for (const std::string& one : directories) EXPECT_TRUE(exists(one)) << one;
  }
  ASSERT_FALSE(directories.empty());
  for (const std::string& one : directories) EXPECT_FALSE(exists(one)) << one;
}

TEST_F(CGroupTest, HoldsProcessesAndGivesThemBack) {
  const ProcessHandle handle = monitor_.run_process_async({"sleep", "1000"});
  std::vector<std::string> directories;
  {
    CGroup group{name_, both(), {handle->pid()}};
    EXPECT_THAT(group.processes(), ElementsAre(handle->pid()));
    directories = group.directories();
  }
  EXPECT_TRUE(handle->is_running());
  for (const std::string& one : directories) EXPECT_FALSE(exists(one)) << one;
  handle->stop(std::chrono::nanoseconds{0});
}

TEST_F(CGroupTest, KillsWhatTakesTooMuchMemory) {
  CGroup group{name_, {.cpus = {}, .memory_bytes = 16U << 20U}};
  // Waits for a line, so that it is in the group before it takes memory.
  const ProcessHandle greedy =
      monitor_.run_process_async("read go; head -c 200M /dev/zero | tail -c 200M | wc -c", {.input = InputPipe{}});
  group.add(greedy->pid());
  greedy->write_input("go\n");
  greedy->close_input();
  test::serve_to_the_end(monitor_);
  EXPECT_NE(greedy->info().out.text(), "209715200\n");
}

TEST_F(CGroupTest, AWrongPidLeavesNothingBehind) {
  std::vector<std::string> announced;
  const auto announce = [&](const std::string& directory) { announced.push_back(directory); };
  const pid_t nobody = 4'194'303;
  const auto error = thrown<std::system_error>([&] { const CGroup group{name_, both(), {nobody}, announce}; });
  EXPECT_EQ(error.code().value(), ESRCH);
  EXPECT_THAT(error.what(), HasSubstr("4194303"));
  ASSERT_FALSE(announced.empty());
  for (const std::string& one : announced) EXPECT_FALSE(exists(one)) << one;
  EXPECT_THROW((CGroup{name_, both(), {0}}), std::invalid_argument);
  EXPECT_THROW((CGroup{name_, both(), {-1}}), std::invalid_argument);
  for (const std::string& one : announced) EXPECT_FALSE(exists(one)) << one;
}

TEST_F(CGroupTest, ANameThatIsTakenStaysWithItsOwner) {
  const CGroup group{name_, both()};
  EXPECT_EQ(thrown<std::system_error>([&] { const CGroup same{name_, both()}; }).code().value(), EEXIST);
  for (const std::string& one : group.directories()) EXPECT_TRUE(exists(one)) << one;
}

TEST(CGroupArguments, AreCheckedBeforeAnythingIsMade) {
  const CGroupLimits some{.cpus = 1, .memory_bytes = {}};
  for (const std::string bad : {"", ".", "..", "../x", "a/b", ";rm", "a\nb", "cgroup.procs", "é"}) {
    EXPECT_THROW((CGroup{bad, some}), std::invalid_argument) << bad;
  }
  EXPECT_THROW((CGroup{std::string(300, 'x'), some}), std::invalid_argument);
  EXPECT_THROW((CGroup{"x", {}}), std::invalid_argument);
  EXPECT_THROW((CGroup{"x", {.cpus = 0, .memory_bytes = {}}}), std::invalid_argument);
  EXPECT_THROW((CGroup{"x", {.cpus = {}, .memory_bytes = 1}}), std::invalid_argument);
}

class DummyNetCGroupTest : public test::DummyNetTest {};

TEST_F(DummyNetCGroupTest, IsListedAndGoesWithTheRest) {
  net().netns_add("one");
  const ProcessHandle handle = net().netns_use("one").run_async({"sleep", "1000"});
  std::vector<std::string> directories;
  try {
    CGroup& group = net().add_cgroup("small", {.cpus = 0.5, .memory_bytes = 64U << 20U}, {handle->pid()});
    EXPECT_THAT(group.processes(), ElementsAre(handle->pid()));
    directories = group.directories();
  } catch (const std::system_error& error) {
    if (error.code().value() != ENOTSUP) throw;
    GTEST_SKIP() << "no control groups for us here: " << error.what();
  }
  EXPECT_THAT(net().cgroup_list(), ElementsAre("small"));
  EXPECT_THROW(net().add_cgroup("small", {.cpus = 1, .memory_bytes = {}}), std::invalid_argument);
  net().cleanup();
  EXPECT_THAT(net().cgroup_list(), IsEmpty());
  for (const std::string& one : directories) EXPECT_FALSE(exists(one)) << one;
}

}  // namespace
}  // namespace dummynet::net

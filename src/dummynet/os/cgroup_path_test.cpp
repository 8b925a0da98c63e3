#include "dummynet/os/cgroup_path.hpp"

#include <gtest/gtest.h>

namespace dummynet::os {
namespace {

using Directories = std::vector<std::string>;

constexpr const char* kHybridCgroup = "4:cpu,memory:/job/7\n0::/user.slice/run\n";
constexpr const char* kHybridMounts =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,cpu,memory\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:1 master:2 - cgroup2 cgroup2 rw\n";

TEST(CgroupDirectories, FindsTheUnifiedTreeOfAHybridMachine) {
  EXPECT_EQ(cgroup_directories(kHybridCgroup, kHybridMounts, ""), Directories{"/sys/fs/cgroup/unified/user.slice/run"});
}

TEST(CgroupDirectories, FindsAnOldHierarchyByItsController) {
  EXPECT_EQ(cgroup_directories(kHybridCgroup, kHybridMounts, "memory"), Directories{"/sys/fs/cgroup/memory/job/7"});
}

TEST(CgroupDirectories, IsEmptyForAControllerThatIsNotMounted) {
  EXPECT_EQ(cgroup_directories(kHybridCgroup, kHybridMounts, "cpuset"), Directories{});
}

TEST(CgroupDirectories, TakesAwayTheRootOfABindMount) {
  const char* const mounts = "50 1 0:38 /user.slice /mnt/cg rw - cgroup2 cgroup2 rw\n";

  EXPECT_EQ(cgroup_directories("0::/user.slice/run\n", mounts, ""), Directories{"/mnt/cg/run"});
  EXPECT_EQ(cgroup_directories("0::/user.slice\n", mounts, ""), Directories{"/mnt/cg"});
  EXPECT_EQ(cgroup_directories("0::/user.slicer/run\n", mounts, ""), Directories{});
  EXPECT_EQ(cgroup_directories("0::/other\n", mounts, ""), Directories{});
}

TEST(CgroupDirectories, GivesTheRootWithoutATrailingSlash) {
  EXPECT_EQ(cgroup_directories("0::/\n", kHybridMounts, ""), Directories{"/sys/fs/cgroup/unified"});
}

TEST(CgroupDirectories, UnescapesBlanksInMountPoints) {
  const char* const mounts = "50 1 0:38 / /mnt/my\\040cg\\134x rw - cgroup2 cgroup2 rw\n";

  EXPECT_EQ(cgroup_directories("0::/a\n", mounts, ""), Directories{"/mnt/my cg\\x/a"});
}

TEST(CgroupDirectories, DistrustsPathsOutsideOfTheNamespace) {
  EXPECT_EQ(cgroup_directories("0::/../other\n", kHybridMounts, ""), Directories{});
}

TEST(CgroupDirectories, SurvivesNonsense) {
  EXPECT_EQ(cgroup_directories("", "", ""), Directories{});
  EXPECT_EQ(cgroup_directories("0:\n:\n\n", "a b\n- - - -\n\n", ""), Directories{});
}

}  // namespace
}  // namespace dummynet::os

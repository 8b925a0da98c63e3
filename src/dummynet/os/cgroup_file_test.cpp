#include "dummynet/os/cgroup_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>

#include <fstream>
#include <system_error>

namespace dummynet::os {
namespace {

TEST(CgroupValue, IsFoundByItsWholeKey) {
  const char* const text = "usage_usec 12\nuser_usec 7\nuser 3\n";

  EXPECT_EQ(find_cgroup_value(text, "user"), 3U);
  EXPECT_EQ(find_cgroup_value(text, "usage_usec"), 12U);
  EXPECT_EQ(find_cgroup_value(text, "nice"), std::nullopt);
  EXPECT_EQ(find_cgroup_value("populated one\n", "populated"), std::nullopt);
}

TEST(CgroupPids, LeaveOutProcessesOfForeignNamespaces) {
  EXPECT_EQ(parse_cgroup_pids("17\n0\n4194304\n"), (std::vector<int>{17, 4194304}));
  EXPECT_EQ(parse_cgroup_pids(""), std::vector<int>{});
}

TEST(CgroupFile, IsNothingWhenItDoesNotExist) {
  EXPECT_EQ(read_cgroup_file(AT_FDCWD, "/proc/self/no-such-file"), std::nullopt);
  EXPECT_EQ(try_write_cgroup_file(AT_FDCWD, "/proc/self/no-such-file", "1"), ENOENT);
}

TEST(CgroupFile, IsReadWholeWhenItIsLong) {
  const std::string path = testing::TempDir() + "cgroup_file_test." + std::to_string(::getpid());
  const std::string text(10'000, 'x');
  std::ofstream{path} << text;

  EXPECT_EQ(read_cgroup_file(AT_FDCWD, path.c_str()), text);

  EXPECT_EQ(::unlink(path.c_str()), 0);
}

TEST(CgroupDirectory, RefusesWhatIsNoCgroup) {
  EXPECT_THROW(open_cgroup_directory(AT_FDCWD, "/proc", CGROUP2_SUPER_MAGIC), std::system_error);
}

TEST(CgroupDirectory, MakingAFailureLeavesNothing) {
  std::string temporary = testing::TempDir() + "cgroupXXXXXX";
  ASSERT_NE(::mkdtemp(temporary.data()), nullptr);
  const Fd directory{::open(temporary.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

  EXPECT_THROW(make_cgroup_directory(directory.get(), "x", CGROUP2_SUPER_MAGIC), std::system_error);

  EXPECT_EQ(list_cgroup_children(directory.get()), std::vector<std::string>{});
  EXPECT_EQ(::rmdir(temporary.c_str()), 0);
}

}  // namespace
}  // namespace dummynet::os

#include "dummynet/core/warden_process.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "dummynet/os/cgroup.hpp"

namespace dummynet {
namespace {

bool is_cgroup(const std::filesystem::path& place) {
  try {
    os::Cgroup::open(place);
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

// As a warden that was killed before it had a guardian: its cgroup is there, and nobody has told of it.
TEST(WardenProcess, RemovesTheCgroupOfAWardenThatNeverSpoke) {
  const std::filesystem::path own = os::Cgroup::where_am_i();
  if (own.empty()) GTEST_SKIP() << "no cgroup v2 here";
  const std::string run = "unspoken-" + std::to_string(::getpid());
  for (const std::filesystem::path& place : {own.parent_path(), own}) {
    if (!is_cgroup(place)) continue;  // the hierarchy ends below
    const std::filesystem::path left = place / warden::cgroup_name(run);
    const auto die_early = [&](os::Fd) { std::filesystem::create_directory(left); };
    try {
      EXPECT_THROW(WardenProcess(MonitorOptions{}, run, die_early), StartError);
    } catch (const std::filesystem::filesystem_error& error) {
      GTEST_SKIP() << "may not make a cgroup here: " << error.what();
    }
    EXPECT_FALSE(std::filesystem::exists(left)) << left;
  }
}

}  // namespace
}  // namespace dummynet

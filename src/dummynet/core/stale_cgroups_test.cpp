#include "dummynet/core/stale_cgroups.hpp"

#include <gtest/gtest.h>

namespace dummynet {
namespace {

TEST(StaleCgroup, IsKnownByItsName) {
  EXPECT_EQ(owner_in_cgroup_name("dummynet.4711-0123abcd"), 4711);
  EXPECT_EQ(owner_in_cgroup_name("dummynet.4711-0123abcd.12"), 4711);
}

TEST(StaleCgroup, IsNotWhatOthersCallTheirs) {
  for (const char* name :
       {"dummynet", "dummynet.4711", "dummynet.4711-0123abc", "dummynet.4711-0123abcz", "dummynet.4711-0123abcd.",
        "dummynet.4711-0123abcd.x", "dummynet.4711-0123abcde", "dummynet.0-0123abcd", "dummynet.-1-0123abcd",
        "dummynet.99999999999-0123abcd", "xdummynet.4711-0123abcd", "dummynet.service", ""}) {
    EXPECT_EQ(owner_in_cgroup_name(name), 0) << name;
  }
}

}  // namespace
}  // namespace dummynet

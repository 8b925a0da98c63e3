#include "dummynet/scenario/humanise.hpp"

#include <gtest/gtest.h>

namespace dummynet::scenario {
namespace {

using namespace std::chrono_literals;

TEST(Humanise, GivesDurationsAFittingUnit) {
  EXPECT_EQ(human_duration(0ns), "0ns");
  EXPECT_EQ(human_duration(850us), "850us");
  EXPECT_EQ(human_duration(12'345us), "12.3ms");
  EXPECT_EQ(human_duration(999'600us), "1s");
  EXPECT_EQ(human_duration(5'021ms), "5.02s");
  EXPECT_EQ(human_duration(20s), "20s");
  EXPECT_EQ(human_duration(59'960ms), "1min");
  EXPECT_EQ(human_duration(182s), "3min 2s");
  EXPECT_EQ(human_duration(3900s), "1h 5min");
}

TEST(Humanise, GivesBytesBinaryPrefixes) {
  EXPECT_EQ(human_bytes(812), "812 B");
  EXPECT_EQ(human_bytes(1024), "1.00 KiB");
  EXPECT_EQ(human_bytes(3'575'644), "3.41 MiB");
  EXPECT_EQ(human_bytes(UINT64_MAX), "16384 PiB");
}

TEST(Humanise, GivesValuesDecimalPrefixesWhereTheUnitTakesThem) {
  EXPECT_EQ(human_value(24'312'345'678.0, "bit/s"), "24.3 Gbit/s");
  EXPECT_EQ(human_value(999'990.0, "bit/s"), "1 Mbit/s");
  EXPECT_EQ(human_value(0.0, "bit/s"), "0 bit/s");
  EXPECT_EQ(human_value(1500.0, "B"), "1.5 kB");
  EXPECT_EQ(human_value(0.0421, "ms"), "0.0421 ms");
  EXPECT_EQ(human_value(1234567.0, "ms"), "1234567 ms");
  EXPECT_EQ(human_value(-17.0, ""), "-17");
}

TEST(Humanise, JoinsLists) {
  EXPECT_EQ(human_list({}), "");
  EXPECT_EQ(human_list({"a"}), "a");
  EXPECT_EQ(human_list({"a", "b"}), "a and b");
  EXPECT_EQ(human_list({"a", "b", "c"}), "a, b and c");
}

}  // namespace
}  // namespace dummynet::scenario

#include "dummynet/scenario/link_file.hpp"

#include <gmock/gmock.h>

namespace dummynet::scenario {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(RateSchedule, IsATimeAndARateALine) {
  const auto file = parse_rate_schedule("0s 10mbit\n1500ms 0bit # a tunnel\n2s 64kbit\n");

  EXPECT_EQ(file.error, "");
  using Step = wire::RateSchedule::Step;
  EXPECT_THAT(file.value, ElementsAre(Step{0s, 10'000'000}, Step{1500ms, 0}, Step{2s, 64'000}));
}

TEST(RateSchedule, SaysWhichLineIsWrong) {
  EXPECT_THAT(parse_rate_schedule("1s 1mbit\n").error, HasSubstr("the first time must be `0s`"));
  EXPECT_EQ(parse_rate_schedule("0s 1mbit\n2s 2mbit\n2s 1mbit\n").line, 3U);
  EXPECT_THAT(parse_rate_schedule("0s 1mbit\n2s 2\n").error, HasSubstr("did you mean `2bit`?"));
  EXPECT_THAT(parse_rate_schedule("0 1mbit\n").error, HasSubstr("did you mean `0s`?"));
  EXPECT_THAT(parse_rate_schedule("0s\n").error, HasSubstr("a time and a rate"));
  EXPECT_THAT(parse_rate_schedule("").error, HasSubstr("holds no rate"));
}

TEST(JitterTable, IsWhatTcReads) {
  EXPECT_THAT(parse_jitter_table("# normal\n-32768 -1 0\n 1 32767\n").value, ElementsAre(-32768, -1, 0, 1, 32767));
  EXPECT_EQ(parse_jitter_table("1\n40000\n").line, 2U);
  EXPECT_THAT(parse_jitter_table("1\n40000\n").error, HasSubstr("`40000` is no whole number from -32768 to 32767"));
  EXPECT_THAT(parse_jitter_table("#\n").error, HasSubstr("holds no numbers"));
  std::string many;
  for (int i = 0; i <= 16'384; ++i) many += "1 ";
  EXPECT_THAT(parse_jitter_table(many).error, HasSubstr("more than 16384"));
}

}  // namespace
}  // namespace dummynet::scenario

#include "dummynet/scenario/units.hpp"

#include <gmock/gmock.h>

namespace dummynet::scenario {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(Duration, HasAUnit) {
  EXPECT_EQ(parse_duration("7ns").value, 7ns);
  EXPECT_EQ(parse_duration("250us").value, 250us);
  EXPECT_EQ(parse_duration("20ms").value, 20ms);
  EXPECT_EQ(parse_duration("5s").value, 5s);
  EXPECT_EQ(parse_duration("2min").value, 2min);
  EXPECT_EQ(parse_duration("1h").value, 1h);
  EXPECT_EQ(parse_duration("0s").value, 0s);
}

TEST(Duration, MayHaveDecimals) {
  EXPECT_EQ(parse_duration("1.5ms").value, 1500us);
  EXPECT_EQ(parse_duration("0.000000001s").value, 1ns);
  EXPECT_EQ(parse_duration("0.1h").value, 6min);
  EXPECT_EQ(parse_duration("0.333333333h").value, 1'199'999'998'800ns);
}

TEST(Duration, RefusesWhatIsNone) {
  for (const char* text : {"", "s", "-5s", "+5s", "5 s", "5S", "5sec", "1e3s", "5s ", " 5s", ".5s", "5.s", "5,5s",
                           "0x5s", "1.0000000001s", "1.2.3s", "infs", "nans"}) {
    EXPECT_FALSE(parse_duration(text).value) << text;
    EXPECT_THAT(parse_duration(text).error, HasSubstr("is not a duration")) << text;
  }
}

TEST(Duration, WithoutUnitIsAskedBack) {
  EXPECT_EQ(parse_duration("60").error, "`60` has no unit; did you mean `60s`?");
}

TEST(Duration, NamesTheUnitsItKnows) {
  EXPECT_EQ(parse_duration("5m").error, "`5m` is not a duration: `m` is no unit here; there are ns, us, ms, s, min, h");
}

TEST(Duration, NeverOverflows) {
  EXPECT_EQ(parse_duration("8760h").value, 8760h);
  for (const char* text : {"8760.1h", "8761h", "18446744073709551615h", "18446744073709551616ns",
                           "99999999999999999999999999999999s", "9223372036854775807s"}) {
    EXPECT_THAT(parse_duration(text).error, HasSubstr("is too large a duration")) << text;
  }
}

TEST(Rate, IsDecimalBitsPerSecond) {
  EXPECT_EQ(parse_rate("800bit").value, BitsPerSecond{800});
  EXPECT_EQ(parse_rate("64kbit").value, BitsPerSecond{64'000});
  EXPECT_EQ(parse_rate("10mbit").value, BitsPerSecond{10'000'000});
  EXPECT_EQ(parse_rate("2.5gbit").value, BitsPerSecond{2'500'000'000});
  EXPECT_EQ(parse_rate("1tbit").value, BitsPerSecond{1'000'000'000'000});
}

TEST(Rate, RefusesWhatIsNone) {
  EXPECT_EQ(parse_rate("10").error, "`10` has no unit; did you mean `10bit`?");
  EXPECT_THAT(parse_rate("10mb").error, HasSubstr("`mb` is no unit here"));
  EXPECT_THAT(parse_rate("fast").error, HasSubstr("is not a rate"));
  EXPECT_THAT(parse_rate("18446744073709551615kbit").error, HasSubstr("too large"));
}

TEST(Size, KnowsDecimalAndBinaryUnits) {
  EXPECT_EQ(parse_size("1500b").value, Bytes{1500});
  EXPECT_EQ(parse_size("10mb").value, Bytes{10'000'000});
  EXPECT_EQ(parse_size("64kib").value, Bytes{65'536});
  EXPECT_EQ(parse_size("1.5gib").value, Bytes{1'610'612'736});
  EXPECT_EQ(parse_size("18446744073709551615b").value, Bytes{UINT64_MAX});
  EXPECT_FALSE(parse_size("18446744073709551615.5b").value);
  EXPECT_FALSE(parse_size("17179869184gib").value);
  EXPECT_FALSE(parse_size("10mbit").value);
}

TEST(Percentage, IsAFractionOfOne) {
  EXPECT_DOUBLE_EQ(parse_percentage("1%").value.value(), 0.01);
  EXPECT_DOUBLE_EQ(parse_percentage("0.5%").value.value(), 0.005);
  EXPECT_DOUBLE_EQ(parse_percentage("0%").value.value(), 0.0);
  EXPECT_DOUBLE_EQ(parse_percentage("100%").value.value(), 1.0);
}

TEST(Percentage, StaysWithinItsBounds) {
  EXPECT_EQ(parse_percentage("100.1%").error, "`100.1%` is more than 100%");
  EXPECT_EQ(parse_percentage("99999999999999999999%").error, "`99999999999999999999%` is more than 100%");
  EXPECT_EQ(parse_percentage("5").error, "`5` has no unit; did you mean `5%`?");
  EXPECT_EQ(parse_percentage("-1%").error, "`-1%` is not a percentage: it is negative");
  EXPECT_EQ(parse_percentage("1 %").error, "`1 %` is not a percentage; did you mean `1%`?");
  EXPECT_EQ(parse_percentage("120 %").error, "`120 %` is more than 100%");
  EXPECT_THAT(parse_percentage("1 per cent").error, HasSubstr("is not a percentage"));
}

TEST(Units, AreAskedBackWhenOnlyTheirSpellingIsWrong) {
  EXPECT_EQ(parse_rate("10Mbit").error, "`10Mbit` is not a rate; did you mean `10mbit`?");
  EXPECT_EQ(parse_duration("20 ms").error, "`20 ms` is not a duration; did you mean `20ms`?");
  EXPECT_EQ(parse_duration("-20ms").error, "`-20ms` is not a duration: it is negative");
}

TEST(QueueLimit, IsToldByItsUnit) {
  EXPECT_EQ(parse_queue_limit("60p").value, QueueLimit{Packets{60}});
  EXPECT_EQ(parse_queue_limit("64kib").value, QueueLimit{Bytes{65'536}});
  EXPECT_EQ(parse_queue_limit("50ms").value, QueueLimit{std::chrono::nanoseconds{50ms}});
  EXPECT_EQ(parse_queue_limit("60").error, "`60` has no unit; did you mean `60p`, so many packets?");
  for (const char* text : {"", "p", "1.5p", "-1p", "99999999999999999999p", "10mbit", "5 p"}) {
    EXPECT_FALSE(parse_queue_limit(text).value) << text;
    EXPECT_THAT(parse_queue_limit(text).error, HasSubstr("is no limit of a queue")) << text;
  }
}

}  // namespace
}  // namespace dummynet::scenario

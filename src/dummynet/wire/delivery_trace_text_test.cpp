#include "dummynet/wire/delivery_trace_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dummynet/wire/impairment_check.hpp"

namespace dummynet::wire {
namespace {

using testing::HasSubstr;

DeliveryTrace parsed(std::string_view text) {
  auto result = parse_delivery_trace(text);
  if (const auto* error = std::get_if<TraceTextError>(&result)) {
    ADD_FAILURE() << error->line << ": " << error->message;
    return {};
  }
  return std::get<DeliveryTrace>(result);
}

TraceTextError refused(std::string_view text) {
  auto result = parse_delivery_trace(text);
  if (std::holds_alternative<DeliveryTrace>(result)) {
    ADD_FAILURE() << "was taken";
    return {};
  }
  return std::get<TraceTextError>(result);
}

TEST(DeliveryTraceText, IsOneNumberALine) {
  EXPECT_EQ(parsed("0\n5\n5\n12\n").milliseconds, (std::vector<std::uint64_t>{0, 5, 5, 12}));
}

TEST(DeliveryTraceText, MayLackItsLastLinesEnd) { EXPECT_EQ(parsed("1\n2"), parsed("1\n2\n")); }

TEST(DeliveryTraceText, MayComeFromWindows) { EXPECT_EQ(parsed("1\r\n2\r\n"), parsed("1\n2\n")); }

TEST(DeliveryTraceText, IsRefusedWhenEmpty) { EXPECT_EQ(refused(""), (TraceTextError{0, "the trace is empty"})); }

TEST(DeliveryTraceText, IsRefusedWhenItDescends) {
  EXPECT_EQ(refused("1\n7\n6\n"), (TraceTextError{3, "times must not descend: 6 comes after 7"}));
}

TEST(DeliveryTraceText, IsRefusedWhenAllTimesAreZero) {
  const TraceTextError error = refused("0\n0\n");
  EXPECT_EQ(error.line, 0U);
  EXPECT_THAT(error.message, HasSubstr("all times are 0"));
}

TEST(DeliveryTraceText, NamesTheLineWithGarbage) {
  EXPECT_EQ(refused("1\n2\n3\n4\n5\n6\nseven\n8\n"),
            (TraceTextError{7, "expected milliseconds as a whole number, found 'seven'"}));
}

TEST(DeliveryTraceText, ShowsGarbageOnlyAsFarAsItIsFitToBeShown) {
  EXPECT_THAT(refused("\x1b[31m\n").message, HasSubstr("'?[31m'"));
  EXPECT_LT(refused(std::string(100'000, 'x')).message.size(), 200U);
}

class NoNumber : public testing::TestWithParam<const char*> {};

TEST_P(NoNumber, IsRefused) { EXPECT_EQ(refused(std::string{"1\n"} + GetParam() + "\n2\n").line, 2U); }

INSTANTIATE_TEST_SUITE_P(Lines, NoNumber,
                         testing::Values("", " ", "-1", "+1", "1.5", "1 2", " 1", "1 ", "0x10", "1e3", "1\r\r",
                                         "99999999999999999999", "31622400001"));

TEST(DeliveryTraceText, GivesWhatCanBeCarriedOut) {
  Impairment impairment;
  impairment.rate = parsed("0\n0\n31622400000\n");
  EXPECT_TRUE(check_impairment(impairment).empty());
}

}  // namespace
}  // namespace dummynet::wire

#include "dummynet/scenario/metric.hpp"

#include <gmock/gmock.h>

namespace dummynet::scenario {
namespace {

using ::testing::HasSubstr;

Parsed<double> json(std::vector<std::string> steps, std::string_view out) {
  MetricSpec metric;
  metric.source = JsonPath{std::move(steps)};
  return read_metric(metric, out);
}

Parsed<double> regex(std::string expression, std::string_view out) {
  MetricSpec metric;
  metric.source = MetricRegex{std::move(expression)};
  return read_metric(metric, out);
}

TEST(JsonMetric, FollowsMembersAndIndices) {
  EXPECT_EQ(json({"end", "sum", "1", "rate"}, R"({"end": {"sum": [{}, {"rate": 2.5e9}]}})").value, 2.5e9);
  EXPECT_EQ(json({"n"}, R"({"n": "42"})").value, 42);
  EXPECT_EQ(json({"0"}, "[7]").value, 7);
}

TEST(JsonMetric, TakesTheLastObjectAfterOtherLines) {
  EXPECT_EQ(json({"n"}, "hello\n{\"n\": 1}\n{\"n\": 2}\nbye\n").value, 2);
}

TEST(JsonMetric, SaysWhereThePathEnds) {
  EXPECT_EQ(json({"end", "sum"}, R"({"end": {}})").error, "the output has no `sum` in `end`");
  EXPECT_EQ(json({"end"}, "[]").error, "the output has no `end` in its JSON document");
  EXPECT_EQ(json({"1"}, "[1]").error, "the output has no `1` in its JSON document");
  EXPECT_EQ(json({"a"}, R"({"a": [1]})").error, "`a` in the output is array, no number");
  EXPECT_EQ(json({"a"}, R"({"a": "fast"})").error, "`fast` is no number");
  EXPECT_EQ(json({"a"}, "").error, "the output is no JSON");
  EXPECT_EQ(json({"a"}, "{\"a\": \n").error, "the output is no JSON");
}

TEST(RegexMetric, TakesTheFirstGroupOfTheLastMatch) {
  EXPECT_EQ(regex("time=([0-9.]+)", "time=1.5 ms\ntime=2.5 ms\n").value, 2.5);
  EXPECT_EQ(regex("^([0-9]+)$", "a\n17\nb\n").value, 17);
  EXPECT_EQ(regex("x=(-?[0-9]+)", "x=-3").value, -3);
}

TEST(RegexMetric, SaysWhatIsMissing) {
  EXPECT_EQ(regex("time=([0-9.]+)", "no answer\n").error, "no line of the output matches `time=([0-9.]+)`");
  EXPECT_EQ(regex("time=(.*)", "time=soon").error, "`soon` is no number");
  EXPECT_THAT(regex("(x*)", "abc").error, HasSubstr("is no number"));
}

}  // namespace
}  // namespace dummynet::scenario

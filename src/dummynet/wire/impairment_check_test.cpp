#include "dummynet/wire/impairment_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> complaints(const Impairment& impairment) {
  std::vector<std::string> said;
  for (const auto& [property, message] : check_impairment(impairment)) said.push_back(property + ": " + message);
  return said;
}

TEST(ImpairmentCheck, HasNothingAgainstNothing) { EXPECT_THAT(complaints({}), IsEmpty()); }

TEST(ImpairmentCheck, TakesThingsAtTheirEnds) {
  Impairment impairment{.delay = 1h, .jitter = {.amount = 1h}, .loss = RandomLoss{1}};
  impairment.rate = LineRate{1};
  impairment.queue.limit_packets = 1;
  impairment.queue.limit_bytes = 1514;
  impairment.queue.limit_time = 12112s;
  impairment.duplicate = impairment.corrupt = impairment.reorder.probability = 1;
  EXPECT_THAT(complaints(impairment), IsEmpty());
}

TEST(ImpairmentCheck, SaysEverythingAtOnce) {
  Impairment impairment{.delay = -5ms, .loss = RandomLoss{1.2}};
  impairment.rate = LineRate{0};
  impairment.duplicate = -0.5;
  EXPECT_THAT(complaints(impairment),
              ElementsAre("delay: must not be negative, is -5ms", "loss: must be at most 100%, is 120%",
                          "rate: must be at least 1bit, is 0", "duplicate: must be at least 0%, is -50%"));
}

struct Wrong {
  Impairment impairment;
  std::string said;
};

class WrongImpairment : public testing::TestWithParam<Wrong> {};

TEST_P(WrongImpairment, IsNamed) { EXPECT_THAT(complaints(GetParam().impairment), ElementsAre(GetParam().said)); }

Impairment with_rate(Rate rate) { return {.rate = std::move(rate)}; }

Impairment with_queue(Queue queue) { return {.rate = LineRate{1'000'000}, .queue = queue}; }

INSTANTIATE_TEST_SUITE_P(
    Delays, WrongImpairment,
    testing::Values(
        Wrong{{.delay = 1h + 1ns}, "delay: must be at most 1h, is 3600s"},
        Wrong{{.delay = 1ms, .jitter = {.amount = 1500us}},
              "jitter: must be at most the delay (1ms), is 1.5ms: a packet cannot leave before it came"},
        Wrong{{.delay = 1ms, .jitter = {.amount = -1us}}, "jitter: must not be negative, is -1us"},
        Wrong{{.delay = 1ms, .jitter = {.amount = 1us, .distribution = Jitter::Distribution::table}},
              "jitter: the table of deviates is empty"},
        Wrong{{.delay = 1ms, .jitter = {.amount = 1us, .table = {1}}}, "jitter: has a table, but another distribution"},
        Wrong{{.reorder = {.probability = 0.1}},
              "reorder: needs a delay: who is sent at once overtakes nobody otherwise"},
        Wrong{{.delay = 1ms, .reorder = {.probability = 0.1, .gap = 0}}, "reorder: gap must be at least 1, is 0"}));

INSTANTIATE_TEST_SUITE_P(
    Losses, WrongImpairment,
    testing::Values(Wrong{{.loss = RandomLoss{std::nan("")}}, "loss: must be from 0% to 100%, is not a number"},
                    Wrong{{.loss = RandomLoss{-0.001}}, "loss: must be at least 0%, is -0.1%"},
                    Wrong{{.loss = GilbertElliott{.p = 2}}, "loss: p must be at most 100%, is 200%"},
                    Wrong{{.loss = GilbertElliott{.loss_good = -1}},
                          "loss: the good state's loss (1-k) must be at least 0%, is -100%"},
                    Wrong{{.loss = ListedLoss{{0, 1}}}, "loss: the first packet has the number 1, not 0"},
                    Wrong{{.loss = ListedLoss{{3, 3}}}, "loss: packet numbers must ascend: 3 comes after 3"},
                    Wrong{{.loss = EveryNthLoss{0}}, "loss: every n-th packet: n must be at least 1, is 0"},
                    Wrong{{.corrupt = 1.5}, "corrupt: must be at most 100%, is 150%"}));

INSTANTIATE_TEST_SUITE_P(
    Rates, WrongImpairment,
    testing::Values(
        Wrong{with_rate(LineRate{10'000'000'000'001}), "rate: must be at most 10000gbit, is 10000000000001bit"},
        Wrong{with_rate(LineRate{1, 10'001}), "rate: overhead must be from -10000 to 10000 bytes, is 10001"},
        Wrong{with_rate(RateSchedule{}), "rate: the schedule has no steps"},
        Wrong{with_rate(RateSchedule{.steps = {{1ms, 1}}}), "rate: the schedule must begin at 0s, begins at 1ms"},
        Wrong{with_rate(RateSchedule{.steps = {{0ms, 1}, {2ms, 1}, {2ms, 3}}}),
              "rate: the schedule's times must ascend: 2ms comes after 2ms"},
        Wrong{with_rate(RateSchedule{.steps = {{0ms, 0}}}),
              "rate: the schedule's rates are all 0: nothing ever passes"},
        Wrong{with_rate(RateSchedule{.steps = {{0ms, 1}, {2s, 2}}, .repeat = 2s}),
              "rate: the schedule must be longer than its last step's time (2s), repeats after 2s"},
        Wrong{with_rate(RateSchedule{.steps = {{0ms, 1}, {24h * 400, 2}}}),
              "rate: the schedule must not be longer than a year"},
        Wrong{with_rate(DeliveryTrace{}), "trace: has no delivery opportunities"},
        Wrong{with_rate(DeliveryTrace{{5, 4}}), "trace: times must not descend: 4 comes after 5"},
        Wrong{with_rate(DeliveryTrace{{0, 0}}), "trace: all times are 0: it must last at least 1ms"},
        Wrong{with_rate(DeliveryTrace{{std::numeric_limits<std::uint64_t>::max()}}),
              "trace: must not be longer than a year"}));

INSTANTIATE_TEST_SUITE_P(
    Queues, WrongImpairment,
    testing::Values(Wrong{with_queue({.limit_packets = 0}), "limit: must be at least 1 packet, is 0"},
                    Wrong{with_queue({.limit_bytes = 1513}), "limit: must hold a packet of 1514 bytes, is 1513 bytes"},
                    Wrong{with_queue({.limit_time = 0ms}), "limit: must be above 0s, is 0ns"},
                    Wrong{with_queue({.limit_time = 12ms}),
                          "limit: must hold a packet of 1514 bytes, which takes 12.112ms at this rate, is 12ms"},
                    Wrong{with_queue({.ecn = true}), "queue: ecn needs a queue that marks: codel or pie"},
                    Wrong{with_queue({.codel_target = 200ms}),
                          "queue: codel's target must be at most its interval (100ms), is 200ms"},
                    Wrong{with_queue({.pie_update = 999us}), "queue: pie's update must be at least 1ms, is 999us"},
                    Wrong{with_queue({.pie_update = 0ms}),
                          "queue: pie's update must be above 0s and at most 1h, is 0ns"}));

TEST(DefaultLimit, IsTwiceTheDelaysWorthOfPackets) {
  EXPECT_EQ(default_limit_packets({.delay = 20ms, .rate = LineRate{100'000'000}}), 330U);  // 4 Mbit of 12,112 bits each
  EXPECT_EQ(default_limit_packets({.delay = 1h, .rate = LineRate{10'000'000'000'000}}), 5'944'517'833'553U);
}

TEST(DefaultLimit, IsAtLeastTwenty) {
  EXPECT_EQ(default_limit_packets({.rate = LineRate{1'000'000'000}}), 20U);
  EXPECT_EQ(default_limit_packets({.delay = 1ms, .rate = LineRate{1'000'000}}), 20U);
}

TEST(DefaultLimit, IsNoneWithoutARate) { EXPECT_EQ(default_limit_packets({.delay = 1s}), 0U); }

TEST(DefaultLimit, TakesASchedulesHighestAndATracesAverageRate) {
  EXPECT_EQ(default_limit_packets(
                {.delay = 20ms, .rate = RateSchedule{.steps = {{0ms, 1'000'000}, {1s, 100'000'000}, {2s, 0}}}}),
            330U);
  // 100 opportunities a second of 1,504 bytes, two seconds' worth.
  const std::vector<std::uint64_t> each_ten_milliseconds{10, 20, 30, 40, 50};
  EXPECT_EQ(default_limit_packets({.delay = 1s, .rate = DeliveryTrace{each_ten_milliseconds}}), 198U);
}

TEST(NeedsWirePackets, NotForAConstantDelay) {
  EXPECT_FALSE(needs_wire_packets({}));
  EXPECT_FALSE(needs_wire_packets({.delay = 20ms}));
  EXPECT_FALSE(needs_wire_packets({.delay = 20ms, .up = false}));
}

TEST(NeedsWirePackets, ForEverythingElse) {
  EXPECT_TRUE(needs_wire_packets({.delay = 20ms, .jitter = {.amount = 1ms}}));
  EXPECT_TRUE(needs_wire_packets({.loss = RandomLoss{0.1}}));
  EXPECT_TRUE(needs_wire_packets({.rate = LineRate{1}}));
  EXPECT_TRUE(needs_wire_packets({.duplicate = 0.1}));
  EXPECT_TRUE(needs_wire_packets({.delay = 1ms, .reorder = {.probability = 0.1}}));
  EXPECT_TRUE(needs_wire_packets({.corrupt = 0.1}));
}

}  // namespace
}  // namespace dummynet::wire

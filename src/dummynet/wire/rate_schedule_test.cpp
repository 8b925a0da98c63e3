#include "dummynet/wire/rate_schedule.hpp"

#include <gtest/gtest.h>

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMegabit = 1'000'000;
constexpr std::uint32_t kPacketBytes = 1250;  // 10 ms at 1 Mbit/s

TEST(ScheduleLine, CarriesAPacketAcrossAStep) {
  const RateSchedule schedule{.steps = {{0ms, kMegabit}, {10ms, 2 * kMegabit}}};
  ScheduleLine line{schedule, 0ms, 0ms};

  EXPECT_EQ(line.transmit(0ms, 625), 5ms);
  EXPECT_EQ(line.transmit(0ms, kPacketBytes), 10ms + 2500us) << "half at each rate";
  EXPECT_EQ(line.transmit(0ms, kPacketBytes), 10ms + 7500us);
}

TEST(ScheduleLine, CountsFromTheLinksStart) {
  const RateSchedule schedule{.steps = {{0ms, kMegabit}, {10ms, 2 * kMegabit}}};
  ScheduleLine line{schedule, 1s, 0ms};

  EXPECT_EQ(line.turn(0ms), 1s) << "nothing passes before the start";
  EXPECT_EQ(line.transmit(1s + 10ms, kPacketBytes), 1s + 15ms);
}

TEST(ScheduleLine, WaitsWhileNothingPasses) {
  const RateSchedule schedule{.steps = {{0ms, kMegabit}, {5ms, 0}, {20ms, kMegabit}}};
  ScheduleLine line{schedule, 0ms, 0ms};

  EXPECT_EQ(line.transmit(0ms, kPacketBytes), 25ms) << "caught half-way";
  EXPECT_EQ(line.turn(7ms), 25ms);
  ScheduleLine idle{schedule, 0ms, 0ms};
  EXPECT_EQ(idle.turn(7ms), 20ms);
  EXPECT_EQ(idle.transmit(7ms, kPacketBytes), 30ms);
}

TEST(ScheduleLine, BeginsAnew) {
  const RateSchedule schedule{.steps = {{0ms, kMegabit}, {10ms, 0}}, .repeat = 30ms};
  ScheduleLine line{schedule, 0ms, 0ms};

  EXPECT_EQ(line.transmit(0ms, kPacketBytes), 10ms);
  EXPECT_EQ(line.transmit(0ms, kPacketBytes), 40ms);
  EXPECT_EQ(line.transmit(1h + 25ms, kPacketBytes), 1h + 40ms);
}

TEST(ScheduleLine, JumpsOverManyRoundsAtOnce) {
  // One bit per second in one nanosecond of two: a packet takes 24,000 million million rounds.
  const RateSchedule schedule{.steps = {{0ns, 1}, {1ns, 0}}, .repeat = 2ns};
  ScheduleLine line{schedule, 0ns, 0ns};

  EXPECT_EQ(line.transmit(0ns, 1500), 24'000s - 1ns) << "the last round's second half is not needed";
}

TEST(ScheduleLine, NeverFinishesWhereTheRateStaysZero) {
  const RateSchedule schedule{.steps = {{0ms, kMegabit}, {5ms, 0}}};
  ScheduleLine line{schedule, 0ms, 0ms};

  EXPECT_EQ(line.transmit(0ms, kPacketBytes), kNever);
  EXPECT_EQ(line.transmit(0ms, 625), 5ms) << "what never finished has not been on the line";
  EXPECT_EQ(line.turn(0ms), kNever);
  EXPECT_EQ(line.drained(0ms, 0, 0), kNever);
}

TEST(ScheduleLine, TellsWhenWhatWaitsWillHaveLeft) {
  const RateSchedule schedule{.steps = {{0ms, kMegabit}, {10ms, 2 * kMegabit}}};
  ScheduleLine line{schedule, 0ms, 0ms};
  line.transmit(0ms, 625);

  EXPECT_EQ(line.drained(2ms, 0, 0), 5ms);
  EXPECT_EQ(line.drained(2ms, 1250, 1), 12500us);
  EXPECT_EQ(line.drained(20ms, 1250, 1), 25ms);
}

TEST(ScheduleLine, DoesNotDrift) {
  const RateSchedule schedule{.steps = {{0ns, 3'000'000'007}, {1ms, 1'000'000'009}}, .repeat = 2ms};
  ScheduleLine line{schedule, 0ns, 0ns};
  constexpr std::uint64_t kBytes = 1514;
  Nanoseconds finish{0};
  std::uint64_t packets = 0;

  while (finish < 10s) {
    finish = line.transmit(0ns, kBytes);
    ++packets;
  }

  // 5,000 rounds of (3,000,000,007 + 1,000,000,009) bits/s × 1 ms each.
  EXPECT_EQ(packets, 5000 * (3'000'000'007ULL + 1'000'000'009ULL) / 1000 / (8 * kBytes) + 1);
}

}  // namespace
}  // namespace dummynet::wire

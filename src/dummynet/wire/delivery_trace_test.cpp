#include "dummynet/wire/delivery_trace.hpp"

#include <gtest/gtest.h>

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kFull = 1514;  // an Ethernet frame around 1,500 bytes: exactly one opportunity

TEST(TraceLine, GivesAFullPacketOneOpportunity) {
  const DeliveryTrace trace{{1, 1, 4}};
  TraceLine line{trace, 0ms, 0ms};

  EXPECT_EQ(line.transmit(0ms, kFull), 1ms);
  EXPECT_EQ(line.transmit(0ms, kFull), 1ms);
  EXPECT_EQ(line.transmit(0ms, kFull), 4ms);
}

TEST(TraceLine, LetsSmallPacketsShareAnOpportunity) {
  const DeliveryTrace trace{{1, 2, 3}};
  TraceLine line{trace, 0ms, 0ms};

  EXPECT_EQ(line.transmit(0ms, 762), 1ms);  // counts 752
  EXPECT_EQ(line.transmit(0ms, 762), 1ms);
  EXPECT_EQ(line.transmit(0ms, 762), 2ms);
}

TEST(TraceLine, GivesALargePacketSeveral) {
  const DeliveryTrace trace{{1, 2, 3, 4, 5}};
  TraceLine line{trace, 0ms, 0ms};

  EXPECT_EQ(line.transmit(0ms, 3 * 1504 + 10), 3ms);
  EXPECT_EQ(line.transmit(0ms, 1504 + 11), 5ms) << "one byte too much";
  EXPECT_EQ(line.transmit(0ms, 1503 + 10), 5ms) << "what is left is used";
}

TEST(TraceLine, WastesWhatNobodyUses) {
  const DeliveryTrace trace{{1, 2, 3, 10}};
  TraceLine line{trace, 0ms, 0ms};

  EXPECT_EQ(line.transmit(2ms + 1ns, 100), 3ms);
  EXPECT_EQ(line.transmit(3ms, 100), 3ms) << "the opportunity is still there";
  EXPECT_EQ(line.transmit(3ms + 1ns, 100), 10ms) << "now it is over";
}

TEST(TraceLine, BeginsAnewAfterItsLast) {
  const DeliveryTrace trace{{0, 5, 10}};
  TraceLine line{trace, 1s, 0ms};

  EXPECT_EQ(line.transmit(0ms, kFull), 1s);
  EXPECT_EQ(line.transmit(0ms, kFull), 1s + 5ms);
  EXPECT_EQ(line.transmit(0ms, kFull), 1s + 10ms);
  EXPECT_EQ(line.transmit(0ms, kFull), 1s + 10ms) << "the second round's 0";
  EXPECT_EQ(line.transmit(0ms, kFull), 1s + 15ms);
  EXPECT_EQ(line.transmit(1s + 10'000'007ms, kFull), 1s + 10'000'010ms) << "a long time later";
  EXPECT_EQ(line.transmit(1s + 20'000'010ms, kFull), 1s + 20'000'010ms);
  EXPECT_EQ(line.transmit(1s + 20'000'010ms, kFull), 1s + 20'000'010ms);
  EXPECT_EQ(line.transmit(1s + 20'000'010ms, kFull), 1s + 20'000'015ms);
}

TEST(TraceLine, EndsWhenItDoesNotRepeat) {
  const DeliveryTrace trace{{1, 2}, false};
  TraceLine line{trace, 0ms, 0ms};

  EXPECT_EQ(line.transmit(0ms, kFull), 1ms);
  EXPECT_EQ(line.turn(0ms), 2ms);
  EXPECT_EQ(line.turn(2ms + 1ns), kNever);
  EXPECT_EQ(line.transmit(0ms, 2 * kFull), kNever) << "there is only one left";
  EXPECT_EQ(line.turn(0ms), kNever);
}

TEST(TraceLine, TellsWhenWhatWaitsWillHaveLeft) {
  const DeliveryTrace trace{{1, 2, 3, 4}};
  TraceLine line{trace, 0ms, 0ms};
  line.transmit(0ms, 10 + 504);

  EXPECT_EQ(line.drained(0ms, 0, 0), 1ms) << "there is room for 1,000 bytes";
  EXPECT_EQ(line.drained(0ms, 10 + 999, 1), 1ms);
  EXPECT_EQ(line.drained(0ms, 10 + 1000, 1), 2ms);
  EXPECT_EQ(line.drained(0ms, 10 + 1000 + 1504, 1), 3ms);
  EXPECT_EQ(line.drained(3ms, 0, 0), 3ms);
}

TEST(TraceLine, WaitsForWhatWasOnTheLineBefore) {
  const DeliveryTrace trace{{1, 2, 3, 4}};
  TraceLine line{trace, 0ms, 2500us};

  EXPECT_EQ(line.transmit(0ms, kFull), 3ms);
}

}  // namespace
}  // namespace dummynet::wire

#include "dummynet/wire/counters.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;

TEST(LatenessHistogram, PutsEachIntoItsPowerOfTwo) {
  LatenessHistogram histogram;
  for (const Nanoseconds late : {0ns, 999ns, 1000ns, 1999ns, 2000ns, 100000ns}) histogram.add(late);

  EXPECT_EQ(histogram.buckets[0], 2U);
  EXPECT_EQ(histogram.buckets[1], 2U);
  EXPECT_EQ(histogram.buckets[2], 1U);
  EXPECT_EQ(histogram.buckets[7], 1U);  // 64 to 128 us
  EXPECT_EQ(histogram.count(), 6U);
  EXPECT_EQ(histogram.max, 100us);
}

TEST(LatenessHistogram, TakesWhatIsEarlyOrBeyondEverything) {
  LatenessHistogram histogram;
  histogram.add(-5ns);
  histogram.add(std::chrono::hours{24 * 365});

  EXPECT_EQ(histogram.buckets.front(), 1U);
  EXPECT_EQ(histogram.buckets.back(), 1U);
}

TEST(LatenessHistogram, TellsQuantilesAsUpperBounds) {
  LatenessHistogram histogram;
  for (int i = 0; i < 99; ++i) histogram.add(10us);  // 8 to 16
  histogram.add(3ms);

  EXPECT_EQ(histogram.quantile(0.5), 16us);
  EXPECT_EQ(histogram.quantile(0.99), 16us);
  EXPECT_EQ(histogram.quantile(1), 3ms);
  EXPECT_EQ(LatenessHistogram{}.quantile(0.5), 0ns);
}

}  // namespace
}  // namespace dummynet::wire

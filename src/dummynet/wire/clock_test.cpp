#include "dummynet/wire/clock.hpp"

#include <gtest/gtest.h>

namespace dummynet::wire {
namespace {

Nanoseconds realtime_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::chrono::seconds{now.tv_sec} + Nanoseconds{now.tv_nsec};
}

// Or a packet would be sent too early: also when somebody else runs between two looks at a clock, as happens to one of
// many thousand.
TEST(StampClock, NeverTakesAStampForOlderThanItIs) {
  StampClock clock;
  for (int i = 0; i < 200'000; ++i) {
    const Nanoseconds before = monotonic_now();
    const Nanoseconds stamp = realtime_now();
    const Nanoseconds now = clock.update();
    const Nanoseconds mapped = clock.to_monotonic(stamp, Nanoseconds{0});
    ASSERT_GE(mapped, before);
    ASSERT_LE(mapped, now);
  }
}

TEST(StampClock, HoldsAStampToWhatCanBe) {
  StampClock clock;
  const Nanoseconds now = clock.update();
  const Nanoseconds real = realtime_now();
  EXPECT_EQ(clock.to_monotonic(real + std::chrono::hours{1}, Nanoseconds{0}), now);
  EXPECT_EQ(clock.to_monotonic(real - std::chrono::hours{1}, now - Nanoseconds{5}), now - Nanoseconds{5});
}

}  // namespace
}  // namespace dummynet::wire

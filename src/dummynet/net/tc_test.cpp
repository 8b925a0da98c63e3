#include "dummynet/net/tc.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace dummynet::net {
namespace {

using namespace std::chrono_literals;

TcOptions options(std::chrono::nanoseconds delay, double loss_percent, std::optional<double> rate_mbit) {
  return {.delay = delay, .loss_percent = loss_percent, .rate_mbit = rate_mbit, .limit_packets = {}};
}

TEST(TcLimit, HoldsWhatIsOnTheWayAndAQueueOfTwiceThat) {
  EXPECT_EQ(default_limit_packets(options(120ms, 0, 10)), 300U) << "100 packets on the way";
  EXPECT_EQ(default_limit_packets(options(12ms, 0, 1)), 21U) << "1 on the way, and the least queue";
}

TEST(TcLimit, IsNeverTheSilentThousandOfNetem) {
  EXPECT_EQ(default_limit_packets(options(120ms, 0, {})), 300'000U) << "as for 10 Gbit/s";
  EXPECT_EQ(default_limit_packets(options(0ms, 1, {})), 1000U);
  EXPECT_EQ(default_limit_packets(options(0ms, 0, 1)), 20U);
}

TEST(TcKind, IsTheOneThatEveryKernelHasWhereThatCanDoIt) {
  EXPECT_STREQ(qdisc_for(options(0ms, 0, 1)), "tbf");
  EXPECT_STREQ(qdisc_for(options(1ms, 0, 1)), "netem");
  EXPECT_STREQ(qdisc_for(options(0ms, 1, 1)), "netem");
  EXPECT_STREQ(qdisc_for(options(0ms, 0, {})), "netem");
}

TEST(TcCheck, TakesWhatIsInRange) {
  EXPECT_NO_THROW(check_tc(options(0ms, 0, {})));
  EXPECT_NO_THROW(check_tc(options(2min, 100, 1e6)));
  EXPECT_NO_THROW(check_tc(options(1ns, 1e-9, 0.001)));
  EXPECT_THROW(check_tc(options(2min + 1ns, 0, {})), std::invalid_argument);
  EXPECT_THROW(check_tc(options(0ms, 100.1, {})), std::invalid_argument);
  EXPECT_THROW(check_tc(options(0ms, 0, 0.0001)), std::invalid_argument);
}

}  // namespace
}  // namespace dummynet::net

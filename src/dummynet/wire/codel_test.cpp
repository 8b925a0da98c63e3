#include "dummynet/wire/codel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/aimd_flows.hpp"
#include "support/pipeline_run.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kOneMillisecond = 1250;  // bytes, at 10 Mbit/s

Impairment codel_at_ten_megabits(bool ecn = false) {
  return {.delay = 10ms,
          .rate = LineRate{10'000'000},
          .queue = {.kind = Queue::Kind::codel, .limit_packets = 1000, .ecn = ecn}};
}

std::vector<Nanoseconds> drop_times(const PipelineRun& run, DropReason reason) {
  std::vector<Nanoseconds> times;
  for (const Decision& decision : run.decisions()) {
    if (decision.kind == Decision::Kind::drop && decision.reason == reason) times.push_back(decision.due);
  }
  return times;
}

// RFC 8289, section 5.3 and 5.5: the first drop when the wait has been above 5 ms for 100 ms, the next ones after
// 100 ms / √count each.
TEST(Codel, DropsByItsControlLaw) {
  PipelineRun run{codel_at_ten_megabits()};

  // Two packets per millisecond for a line of one: whoever arrives at t waits t, and is served at 2t.
  for (Nanoseconds at = 0ms; at < 400ms; at += 500us) run.offer(at, kOneMillisecond);
  run.finish();

  const std::vector<Nanoseconds> times = drop_times(run, DropReason::codel);
  ASSERT_GE(times.size(), 6U);
  EXPECT_EQ(times[0], 110ms) << "served at 10 ms, one has waited 5 ms: the drop comes 100 ms later";
  Nanoseconds next = times[0];
  for (std::size_t count = 1; count < 6; ++count) {
    next += Nanoseconds{std::llround(100e6 / std::sqrt(static_cast<double>(count)))};
    EXPECT_GE(times[count], next) << count;
    EXPECT_LT(times[count], next + 1ms) << count << ": at the line's next turn";
  }
}

// RFC 8289, section 5.5: who begins to drop again soon goes on at about the rate that was enough before.
TEST(Codel, RemembersHowOftenItHadToDrop) {
  PipelineRun run{codel_at_ten_megabits()};
  const auto overload = [&](Nanoseconds from, Nanoseconds until) {
    for (Nanoseconds at = from; at < until; at += 500us) run.offer(at, kOneMillisecond);
  };

  overload(0ms, 400ms);
  overload(1500ms, 1800ms);  // long after the queue is empty
  run.finish();

  std::vector<Nanoseconds> times = drop_times(run, DropReason::codel);
  const auto again = std::find_if(times.begin(), times.end(), [](Nanoseconds at) { return at >= 1500ms; });
  ASSERT_GE(times.end() - again, 2);
  EXPECT_EQ(*again, 1610ms);
  EXPECT_LT(*(again + 1), 1660ms) << "not only after 100 ms";
}

TEST(Codel, LeavesAShortQueueAlone) {
  PipelineRun run{codel_at_ten_megabits()};

  // Bursts of four milliseconds' worth, the line always busy.
  for (Nanoseconds at = 0ms; at < 10s; at += 4ms) {
    for (int i = 0; i < 4; ++i) run.offer(at, kOneMillisecond);
  }
  run.finish();

  EXPECT_TRUE(drop_times(run, DropReason::codel).empty());
}

TEST(Codel, LeavesALastPacketAlone) {
  Impairment impairment = codel_at_ten_megabits();
  impairment.rate = LineRate{100'000};  // a packet takes 100 ms: far above the target
  PipelineRun run{impairment};

  for (Nanoseconds at = 0ms; at < 60s; at += 100ms) {
    run.offer(at, kOneMillisecond);
    if (at == 0ms) run.offer(at, kOneMillisecond);  // so that one always waits
  }
  run.finish();

  EXPECT_TRUE(drop_times(run, DropReason::codel).empty()) << "a queue of one packet is no standing queue";
}

TEST(Codel, MarksInsteadOfDroppingWhatCanBeMarked) {
  PipelineRun run{codel_at_ten_megabits(true)};

  for (Nanoseconds at = 0ms; at < 200ms; at += 500us) {
    run.offer(at, kOneMillisecond, PacketClass::data, Ecn::capable);
  }
  run.finish();

  const PipelineCounters& counters = run.pipeline().counters();
  EXPECT_GE(counters.marked, 4U);
  EXPECT_EQ(counters.drops[static_cast<std::size_t>(DropReason::codel)], 0U);
  EXPECT_EQ(counters.departed_packets, counters.offered_packets);
}

TEST(Codel, DropsWhatCannotBeMarkedThoughMarkingIsOn) {
  PipelineRun run{codel_at_ten_megabits(true)};

  for (Nanoseconds at = 0ms; at < 200ms; at += 500us) run.offer(at, kOneMillisecond);
  run.finish();

  EXPECT_EQ(run.pipeline().counters().marked, 0U);
  EXPECT_GE(run.pipeline().counters().drops[static_cast<std::size_t>(DropReason::codel)], 4U);
}

// Seen: median 4.9 ms, 95 % below 7.5 ms, the line
// 99.6 % busy; a drop-tail queue of as many packets: 166 ms, 232 ms.
TEST(Codel, HoldsTheQueueNearItsTargetUnderSendersThatHeed) {
  for (const bool ecn : {false, true}) {
    const AimdFlows::Figures figures = fill_fifty_megabits(codel_at_ten_megabits(ecn));

    EXPECT_GT(figures.quantile(0.5), 3ms) << ecn;
    EXPECT_LT(figures.quantile(0.5), 6ms) << ecn;
    EXPECT_LT(figures.quantile(0.95), 9ms) << ecn;
    EXPECT_GT(figures.line_use, 0.98) << ecn << ": the line is not starved";
  }
}

}  // namespace
}  // namespace dummynet::wire

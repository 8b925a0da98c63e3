// What holds for every impairment, every arrival and every caller, however late.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>
#include <vector>

#include "dummynet/wire/impairment_check.hpp"
#include "support/pipeline_run.hpp"
#include "support/random_impairment.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;

std::vector<Arrival> random_arrivals(std::mt19937_64& random, std::size_t count) {
  std::vector<Arrival> arrivals(count);
  Nanoseconds at{0};
  for (Arrival& arrival : arrivals) {
    const bool in_burst = random() % 3 != 0;
    at += in_burst ? Nanoseconds{random() % 1000} : Nanoseconds{random() % 20'000'000};
    arrival.at = at;
    arrival.bytes = 60 + static_cast<std::uint32_t>(random() % 1455);
    arrival.packet_class = random() % 10 == 0 ? PacketClass::control : PacketClass::data;
    arrival.ecn = static_cast<Ecn>(random() % 3);
  }
  return arrivals;
}

// Every frame once, either sent or dropped; counts add up; nothing is sent before it came.
void expect_sane(PipelineRun& run, std::size_t offered) {
  const PipelineCounters& counters = run.pipeline().counters();
  std::vector<std::uint32_t> frames;
  std::uint64_t departed_bytes = 0;
  for (const Decision& decision : run.decisions()) {
    frames.push_back(decision.frame);
    EXPECT_GE(decision.due, decision.arrived);
    if (decision.kind == Decision::Kind::depart) departed_bytes += decision.bytes;
  }
  std::sort(frames.begin(), frames.end());
  EXPECT_EQ(std::adjacent_find(frames.begin(), frames.end()), frames.end()) << "two decisions on one frame";

  std::uint64_t drops = 0;
  for (const std::uint64_t count : counters.drops) drops += count;
  EXPECT_EQ(counters.offered_packets, offered);
  EXPECT_EQ(counters.queue_packets, 0U);
  EXPECT_EQ(counters.queue_bytes, 0U);
  EXPECT_EQ(counters.offered_packets + counters.copies, counters.departed_packets + drops);
  EXPECT_EQ(frames.size(), counters.offered_packets + counters.copies);
  EXPECT_EQ(counters.departed_packets, run.due().size());
  EXPECT_EQ(counters.departed_bytes, departed_bytes);
}

void expect_order_kept(const PipelineRun& run) {
  const std::vector<Nanoseconds> due = run.due();
  EXPECT_TRUE(std::is_sorted(due.begin(), due.end()));
  std::map<PacketClass, std::uint64_t> last;
  for (const Decision& decision : run.decisions()) {
    if (decision.kind == Decision::Kind::drop) continue;
    EXPECT_GE(decision.number, last[decision.packet_class]);
    last[decision.packet_class] = decision.number;
  }
}

// What waits for a rate that never comes again is taken out.
void end(PipelineRun& run, Nanoseconds last) {
  run.finish();
  run.drop_queued(last + 1h);
}

constexpr int kRounds = 400;

TEST(PipelineProperty, EachFrameHasOneFateAndCountsAddUp) {
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    std::mt19937_64 random{static_cast<std::uint64_t>(round)};
    const std::vector<Arrival> arrivals = random_arrivals(random, 300);
    Impairment impairment = random_impairment(random);
    ASSERT_TRUE(check_impairment(impairment).empty()) << check_impairment(impairment)[0].message;
    PipelineRun run{impairment, random()};

    for (const Arrival& arrival : arrivals) {
      run.offer(arrival.at, arrival.bytes, arrival.packet_class, arrival.ecn);
      if (random() % 50 == 0) run.advance(arrival.at + Nanoseconds{random() % 100'000'000});
      if (random() % 100 == 0) run.set(random_impairment(random), arrival.at);
    }
    end(run, arrivals.back().at);

    expect_sane(run, arrivals.size());
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(PipelineProperty, OrderIsKeptUnlessReorderingIsAsked) {
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    std::mt19937_64 random{static_cast<std::uint64_t>(round)};
    const auto in_order = [&] {
      Impairment impairment = random_impairment(random);
      impairment.jitter.reorder = false;
      impairment.reorder = {};
      return impairment;
    };
    const std::vector<Arrival> arrivals = random_arrivals(random, 300);
    PipelineRun run{in_order(), random()};

    for (const Arrival& arrival : arrivals) {
      run.offer(arrival.at, arrival.bytes, arrival.packet_class, arrival.ecn);
      if (random() % 100 == 0) run.set(in_order(), arrival.at);
    }
    end(run, arrivals.back().at);

    expect_order_kept(run);
    if (::testing::Test::HasFailure()) return;
  }
}

// One caller comes whenever it is asked to, one only when a packet arrives, one comes too late every time.
TEST(PipelineProperty, LatenessOfTheCallerChangesNoDecision) {
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    std::mt19937_64 random{static_cast<std::uint64_t>(round)};
    const std::vector<Arrival> arrivals = random_arrivals(random, 300);
    const Impairment impairment = random_impairment(random);
    PipelineRun punctual{impairment, 5};
    PipelineRun lazy{impairment, 5};

    for (const Arrival& arrival : arrivals) {
      while (punctual.pipeline().next() <= arrival.at) punctual.advance(punctual.pipeline().next());
      punctual.offer(arrival.at, arrival.bytes, arrival.packet_class, arrival.ecn);
      lazy.offer(arrival.at, arrival.bytes, arrival.packet_class, arrival.ecn);
    }
    end(punctual, arrivals.back().at);
    lazy.advance(arrivals.back().at + 30min);
    end(lazy, arrivals.back().at);

    const auto told = [](const PipelineRun& run) {
      std::vector<std::tuple<std::uint32_t, Decision::Kind, DropReason, Nanoseconds, bool, std::int64_t>> all;
      for (const Decision& d : run.decisions()) {
        const bool departs = d.kind == Decision::Kind::depart;
        all.emplace_back(d.frame, d.kind, d.reason, departs ? d.due : 0ns, d.mark, d.flip_bit);
      }
      std::sort(all.begin(), all.end());
      return all;
    };
    EXPECT_EQ(told(punctual), told(lazy));
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace dummynet::wire

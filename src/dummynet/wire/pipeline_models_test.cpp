// Duplication, corruption, reordering and jitter in a pipeline, and changes of them between two packets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/pipeline_run.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr std::size_t kMillion = 1'000'000;

// Four standard errors of so many draws.
double tolerance(double share) { return 4 * std::sqrt(share * (1 - share) * static_cast<double>(kMillion)); }

TEST(PipelineDuplicate, SendsACopyRightBehindItsOriginal) {
  Impairment impairment{.rate = LineRate{1'000'000}, .duplicate = 1};
  PipelineRun run{impairment};

  run.offer(0ms, 1250);
  run.finish();

  ASSERT_EQ(run.decisions().size(), 2U);
  EXPECT_THAT(run.due(), ElementsAre(10ms, 20ms));
  EXPECT_EQ(run.decisions()[0].number, run.decisions()[1].number);
  EXPECT_NE(run.decisions()[0].frame, run.decisions()[1].frame);
  EXPECT_EQ(run.pipeline().counters().copies, 1U);
  EXPECT_EQ(run.pipeline().counters().offered_packets, 1U);
  EXPECT_EQ(run.pipeline().counters().departed_packets, 2U);
}

TEST(PipelineDuplicate, GivesTheCopyAFateOfItsOwn) {
  PipelineRun run{{.delay = 10ms, .jitter = {.amount = 10ms, .reorder = true}, .duplicate = 1, .corrupt = 0.5}};

  for (int i = 0; i < 1000; ++i) run.offer(i * 1ms);

  int other_delays = 0;
  int other_bits = 0;
  for (std::size_t i = 0; i < run.decisions().size(); i += 2) {
    const Decision& original = run.decisions()[i];
    const Decision& copy = run.decisions()[i + 1];
    ASSERT_EQ(original.number, copy.number);
    other_delays += original.due != copy.due ? 1 : 0;
    other_bits += original.flip_bit != copy.flip_bit ? 1 : 0;
  }
  EXPECT_GT(other_delays, 990);
  EXPECT_NEAR(other_bits, 750, 60) << "in a quarter of all cases both are left alone";
}

TEST(PipelineDuplicate, HappensAsOftenAsAsked) {
  PipelineRun run{{.duplicate = 0.01}};
  for (std::size_t n = 0; n < kMillion; ++n) {
    run.offer(n * 1us);
    run.forget();
  }
  EXPECT_NEAR(static_cast<double>(run.pipeline().counters().copies), 0.01 * kMillion, tolerance(0.01));
}

TEST(PipelineCorrupt, TurnsAnyBitAsOftenAsAsked) {
  PipelineRun run{{.corrupt = 0.1}};
  std::vector<std::uint64_t> turned(64 * 8);
  for (std::size_t n = 0; n < kMillion; ++n) {
    run.offer(n * 1us, 64);
    const std::int64_t bit = run.last().flip_bit;
    if (bit >= 0) ++turned.at(static_cast<std::size_t>(bit));
    run.forget();
  }

  EXPECT_NEAR(static_cast<double>(run.pipeline().counters().corrupted), 0.1 * kMillion, tolerance(0.1));
  const double expected = static_cast<double>(run.pipeline().counters().corrupted) / 512;
  double chi_square = 0;
  for (const std::uint64_t count : turned) chi_square += std::pow(static_cast<double>(count) - expected, 2) / expected;
  EXPECT_NEAR(chi_square, 511, 4 * std::sqrt(2 * 511));
}

TEST(PipelineReorder, SendsTheChosenWithoutDelay) {
  PipelineRun run{{.delay = 10ms, .reorder = {.probability = 1, .gap = 3}}};

  for (int i = 0; i < 7; ++i) run.offer(i * 1ms);

  EXPECT_THAT(run.due(), ElementsAre(10ms, 11ms, 2ms, 13ms, 14ms, 5ms, 16ms)) << "every third";
  EXPECT_EQ(run.pipeline().counters().reordered, 2U);
}

// tc-netem(8): after gap - 1 delayed packets each has its chance, so that 1 of gap - 1 + 1/p goes ahead.
TEST(PipelineReorder, HappensAsOftenAsNetemDoesIt) {
  PipelineRun run{{.delay = 10ms, .reorder = {.probability = 0.25, .gap = 5}}};
  std::size_t ahead = 0;
  for (std::size_t n = 0; n < kMillion; ++n) {
    run.offer(n * 1us);
    if (run.last().due == run.last().arrived) ++ahead;
    run.forget();
  }
  EXPECT_NEAR(static_cast<double>(ahead), kMillion / 8.0, 4 * std::sqrt(kMillion / 8.0));
}

TEST(PipelineJitter, KeepsTheOrderUnlessAsked) {
  Impairment impairment{.delay = 10ms, .jitter = {.amount = 5ms, .distribution = Jitter::Distribution::normal}};
  PipelineRun keeps{impairment};
  impairment.jitter.reorder = true;
  PipelineRun overtakes{impairment};

  for (std::size_t n = 0; n < 10'000; ++n) {
    keeps.offer(n * 100us);
    overtakes.offer(n * 100us);
  }

  const std::vector<Nanoseconds> kept = keeps.due();
  const std::vector<Nanoseconds> overtaken = overtakes.due();
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end()));
  EXPECT_FALSE(std::is_sorted(overtaken.begin(), overtaken.end()));
  EXPECT_EQ(keeps.pipeline().counters().reordered, 0U);
  EXPECT_GT(overtakes.pipeline().counters().reordered, 1000U);
  for (std::size_t n = 0; n < kept.size(); ++n) ASSERT_GE(kept[n], overtaken[n]) << "the same draw, or behind another";
}

TEST(PipelineJitter, VariesTheDelayByItsFigures) {
  Impairment impairment{.delay = 100ms,
                        .jitter = {.amount = 10ms, .distribution = Jitter::Distribution::normal, .reorder = true}};
  PipelineRun run{impairment};
  double sum = 0;
  double squares = 0;
  for (std::size_t n = 0; n < kMillion; ++n) {
    run.offer(n * 1us);
    const double delay = static_cast<double>((run.last().due - run.last().arrived).count()) / 1e6;
    sum += delay;
    squares += delay * delay;
    run.forget();
  }
  const double mean = sum / kMillion;
  EXPECT_NEAR(mean, 100, 0.05);
  EXPECT_NEAR(std::sqrt(squares / kMillion - mean * mean), 10, 0.05);
}

TEST(PipelineJitter, NeverSendsBeforeArrival) {
  PipelineRun run{
      {.delay = 1ms, .jitter = {.amount = 1ms, .distribution = Jitter::Distribution::normal, .reorder = true}}};
  for (std::size_t n = 0; n < 10'000; ++n) run.offer(n * 1us);
  for (const Decision& decision : run.decisions()) ASSERT_GE(decision.due, decision.arrived);
}

TEST(PipelineSet, LetsWhoHasDepartedKeepItsTime) {
  PipelineRun run{{.delay = 20ms}};

  run.offer(0ms);
  run.set({.delay = 1ms}, 5ms);
  run.offer(6ms);
  run.set({.delay = 30ms}, 7ms);
  run.offer(8ms);

  EXPECT_THAT(run.due(), ElementsAre(20ms, 20ms, 38ms)) << "and the second does not overtake it";
}

TEST(PipelineSet, ChangesTheRateForWhoIsQueued) {
  PipelineRun run{{.rate = LineRate{1'000'000}}};
  for (int i = 0; i < 3; ++i) run.offer(0ms, 1250);

  run.set({.rate = LineRate{10'000'000}}, 5ms);
  run.finish();

  EXPECT_THAT(run.due(), ElementsAre(10ms, 11ms, 12ms));
}

TEST(PipelineSet, EmptiesTheQueueWhenTheRateGoes) {
  PipelineRun run{{.rate = LineRate{1'000'000}}};
  for (int i = 0; i < 3; ++i) run.offer(0ms, 1250);

  run.set({}, 5ms);
  run.offer(6ms);

  EXPECT_THAT(run.due(), ElementsAre(10ms, 10ms, 10ms, 10ms)) << "behind the one that is on the line";
}

TEST(PipelineSet, DropsTheLastOfWhatHasNoRoomAnyMore) {
  Impairment impairment{.rate = LineRate{1'000'000}};
  PipelineRun run{impairment};
  for (int i = 0; i < 6; ++i) run.offer(0ms, 1250);

  impairment.queue.limit_packets = 2;
  run.set(impairment, 5ms);
  run.finish();

  EXPECT_THAT(run.departed_numbers(), ElementsAre(1, 2, 3));
  EXPECT_THAT(run.dropped_numbers(DropReason::queue_full), ElementsAre(6, 5, 4));
}

TEST(PipelineSet, LeavesTheLineAloneWhenOnlySomethingElseChanges) {
  const RateSchedule schedule{.steps = {{0ms, 1'000'000}, {5ms, 2'000'000}}, .repeat = 10ms};
  PipelineRun run{{.rate = schedule}};
  PipelineRun undisturbed{{.rate = schedule}};
  for (int i = 0; i < 20; ++i) {
    run.offer(i * 3ms, 777);
    run.set({.rate = schedule, .spare_control = false}, i * 3ms + 1ms);
    run.set({.rate = schedule}, i * 3ms + 2ms);
    undisturbed.offer(i * 3ms, 777);
  }
  run.finish();
  undisturbed.finish();

  EXPECT_EQ(run.due(), undisturbed.due());
}

TEST(PipelineSet, GivesNoOpportunityOfATraceTwice) {
  const DeliveryTrace trace{{1, 2, 3}};
  PipelineRun run{{.rate = trace}};

  run.offer(1ms, 1000);
  run.set({.rate = trace, .spare_control = false}, 1ms);
  run.offer(1ms, 1000);
  run.finish();

  EXPECT_THAT(run.due(), ElementsAre(1ms, 2ms));
}

TEST(PipelineSet, CountsOnThroughAllChanges) {
  PipelineRun run{{}};
  run.offer(0ms);
  run.set({.loss = EveryNthLoss{2}}, 1ms);
  run.offer(2ms);
  run.offer(3ms);

  EXPECT_THAT(run.dropped_numbers(DropReason::loss), ElementsAre(2));
}

TEST(PipelineTrace, DropsWhatComesAfterItsEnd) {
  PipelineRun run{{.rate = DeliveryTrace{{1, 2}, false}}};

  for (int i = 0; i < 4; ++i) run.offer(0ms);
  run.advance(2ms);
  run.offer(3ms);

  EXPECT_THAT(run.due(), ElementsAre(1ms, 2ms));
  EXPECT_THAT(run.dropped_numbers(DropReason::trace_over), ElementsAre(3, 4, 5));
}

TEST(PipelineSchedule, KeepsWhatNeverPassesUntilTheRateChanges) {
  PipelineRun run{{.rate = RateSchedule{.steps = {{0ms, 1'000'000}, {15ms, 0}}}}};
  for (int i = 0; i < 3; ++i) run.offer(0ms, 1250);
  run.finish();
  run.advance(1h);
  EXPECT_THAT(run.due(), ElementsAre(10ms));
  EXPECT_EQ(run.pipeline().next(), Nanoseconds::max());
  EXPECT_EQ(run.pipeline().counters().queue_packets, 2U);

  run.set({.rate = LineRate{1'000'000}}, 2h);
  run.finish();

  EXPECT_THAT(run.due(), ElementsAre(10ms, 2h + 10ms, 2h + 20ms));
}

}  // namespace
}  // namespace dummynet::wire

#include "dummynet/wire/pipeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/pipeline_run.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

// 1,250 bytes at 1 Mbit/s: 10 ms on the line.
constexpr std::uint32_t kTenMilliseconds = 1250;

Impairment megabit() { return {.rate = LineRate{1'000'000}}; }

TEST(Pipeline, LetsEverythingPassAtOnceWithoutImpairment) {
  PipelineRun run{{}};

  run.offer(7us);

  EXPECT_THAT(run.due(), ElementsAre(7us));
  EXPECT_EQ(run.pipeline().next(), Nanoseconds::max());
}

TEST(Pipeline, ReleasesAPacketExactlyAfterItsDelay) {
  PipelineRun run{{.delay = 20ms}};

  run.offer(1ms);
  run.offer(1ms + 1ns);

  EXPECT_THAT(run.due(), ElementsAre(21ms, 21ms + 1ns));
}

TEST(Pipeline, SendsOnePacketAfterTheOtherAtTheLinesRate) {
  PipelineRun run{megabit()};

  for (int i = 0; i < 3; ++i) run.offer(0ms, kTenMilliseconds);
  run.finish();

  EXPECT_THAT(run.due(), ElementsAre(10ms, 20ms, 30ms));
}

TEST(Pipeline, AddsTheDelayToTheTimeOnTheLine) {
  Impairment impairment = megabit();
  impairment.delay = 5ms;
  PipelineRun run{impairment};

  run.offer(0ms, kTenMilliseconds);
  run.offer(50ms, kTenMilliseconds);
  run.finish();

  EXPECT_THAT(run.due(), ElementsAre(15ms, 65ms));
}

TEST(Pipeline, CountsTheOverheadOfEachPacket) {
  Impairment impairment;
  impairment.rate = LineRate{.bits_per_second = 1'000'000, .overhead_bytes = 25};
  PipelineRun run{impairment};

  run.offer(0ms, 100);
  run.finish();

  EXPECT_THAT(run.due(), ElementsAre(1ms));
}

TEST(Pipeline, LosesNoTimeWhenItIsAskedLate) {
  PipelineRun run{megabit()};

  for (int i = 0; i < 3; ++i) run.offer(0ms, kTenMilliseconds);
  run.advance(1h);
  run.offer(25ms, kTenMilliseconds);  // arrived long before, read only now
  run.advance(2h);

  EXPECT_THAT(run.due(), ElementsAre(10ms, 20ms, 30ms, 40ms));
}

TEST(Pipeline, DoesNotDriftThoughNoPacketTakesWholeNanoseconds) {
  Impairment impairment;
  impairment.rate = LineRate{.bits_per_second = 3'000'000'007};
  // 1,514 bytes take 4,037.33… ns.
  constexpr std::uint64_t kPackets = 300'000;
  impairment.queue.limit_packets = kPackets;
  PipelineRun run{impairment};
  for (std::uint64_t i = 0; i < kPackets; ++i) run.offer(0ns, 1514);
  run.finish();

  EXPECT_EQ(run.last().due.count(), static_cast<std::int64_t>(kPackets * 1514 * 8 * 1'000'000'000 / 3'000'000'007));
}

TEST(Pipeline, DropsTheNewcomerWhenTheQueueIsFull) {
  Impairment impairment = megabit();
  impairment.queue.limit_packets = 2;
  PipelineRun run{impairment};

  for (int i = 0; i < 4; ++i) run.offer(0ms, kTenMilliseconds);  // one on the line, two wait
  run.offer(10ms, kTenMilliseconds);                             // one has left the queue
  run.finish();

  EXPECT_THAT(run.departed_numbers(), ElementsAre(1, 2, 3, 5));
  EXPECT_THAT(run.dropped_numbers(DropReason::queue_full), ElementsAre(4));
}

TEST(Pipeline, LimitsTheQueueByBytes) {
  Impairment impairment = megabit();
  impairment.queue.limit_bytes = 2000;
  PipelineRun run{impairment};

  run.offer(0ms, 1250);
  run.offer(0ms, 1500);
  run.offer(0ms, 501);
  run.offer(0ms, 500);
  run.finish();

  EXPECT_THAT(run.departed_numbers(), ElementsAre(1, 2, 4));
}

TEST(Pipeline, LimitsTheQueueByTheTimeOneWouldWait) {
  Impairment impairment = megabit();
  impairment.queue.limit_time = 20ms;
  PipelineRun run{impairment};

  for (int i = 0; i < 4; ++i) run.offer(0ms, kTenMilliseconds);  // wait 0, 10, 20 and 30 ms
  run.offer(5ms, kTenMilliseconds);                              // 25 ms
  run.offer(10ms, kTenMilliseconds);                             // 20 ms
  run.finish();

  EXPECT_THAT(run.departed_numbers(), ElementsAre(1, 2, 3, 6));
}

TEST(Pipeline, DropsFromTheHeadWhenAskedTo) {
  Impairment impairment = megabit();
  impairment.queue.kind = Queue::Kind::drop_head;
  impairment.queue.limit_packets = 2;
  PipelineRun run{impairment};

  for (int i = 0; i < 5; ++i) run.offer(0ms, kTenMilliseconds);
  run.finish();

  EXPECT_THAT(run.departed_numbers(), ElementsAre(1, 4, 5));
  EXPECT_THAT(run.dropped_numbers(DropReason::queue_full), ElementsAre(2, 3));
}

TEST(Pipeline, HoldsTwentyPacketsUnlessToldOtherwise) {
  PipelineRun run{megabit()};

  for (int i = 0; i < 100; ++i) run.offer(0ms);
  run.finish();

  EXPECT_EQ(run.departed_numbers().size(), 21U);
}

TEST(Pipeline, LosesListedPackets) {
  PipelineRun run{{.loss = ListedLoss{{1, 3, 4}}}};

  for (int i = 0; i < 6; ++i) run.offer(0ms);

  EXPECT_THAT(run.dropped_numbers(DropReason::loss), ElementsAre(1, 3, 4));
}

TEST(Pipeline, LosesEveryNthPacket) {
  PipelineRun run{{.loss = EveryNthLoss{3}}};

  for (int i = 0; i < 10; ++i) run.offer(0ms);

  EXPECT_THAT(run.dropped_numbers(DropReason::loss), ElementsAre(3, 6, 9));
}

TEST(Pipeline, SparesControlPacketsFromRandomLossOnly) {
  PipelineRun spared{{.loss = RandomLoss{1}, .duplicate = 1, .corrupt = 1}};
  PipelineRun not_spared{{.loss = RandomLoss{1}, .spare_control = false}};

  spared.offer(0ms, 60, PacketClass::control);
  not_spared.offer(0ms, 60, PacketClass::control);

  ASSERT_EQ(spared.decisions().size(), 1U);
  EXPECT_EQ(spared.decisions()[0].kind, Decision::Kind::depart);
  EXPECT_EQ(spared.decisions()[0].flip_bit, -1);
  EXPECT_THAT(not_spared.dropped_numbers(DropReason::loss), ElementsAre(1));
}

TEST(Pipeline, DropsEverythingWhileTheLinkIsDown) {
  Impairment impairment = megabit();
  PipelineRun run{impairment};
  run.offer(0ms, kTenMilliseconds);
  run.offer(0ms, kTenMilliseconds);

  impairment.up = false;
  run.set(impairment, 1ms);
  run.offer(2ms, 60, PacketClass::control);
  impairment.up = true;
  run.set(impairment, 3ms);
  run.offer(4ms, kTenMilliseconds);
  run.finish();

  EXPECT_THAT(run.due(), ElementsAre(10ms, 20ms, 30ms)) << "who was on the way, or queued, still arrives";
  EXPECT_EQ(run.pipeline().counters().drops[static_cast<std::size_t>(DropReason::link_down)], 1U);
}

TEST(Pipeline, LosesWhatIsQueuedWhenACableIsCut) {
  PipelineRun run{megabit()};
  for (int i = 0; i < 3; ++i) run.offer(0ms, kTenMilliseconds);

  run.drop_queued(15ms);
  run.offer(16ms, kTenMilliseconds);
  run.finish();

  EXPECT_THAT(run.departed_numbers(), ElementsAre(1, 2, 4));
  EXPECT_THAT(run.dropped_numbers(DropReason::link_down), ElementsAre(3));
}

TEST(Pipeline, SaysWhenItWantsToBeCalled) {
  PipelineRun run{megabit()};
  EXPECT_EQ(run.pipeline().next(), Nanoseconds::max());

  run.offer(0ms, kTenMilliseconds);
  EXPECT_EQ(run.pipeline().next(), Nanoseconds::max()) << "its departure is known";
  run.offer(0ms, kTenMilliseconds);
  EXPECT_EQ(run.pipeline().next(), 10ms);
  run.advance(10ms - 1ns);
  EXPECT_EQ(run.decisions().size(), 1U);
  run.advance(10ms);
  EXPECT_EQ(run.decisions().size(), 2U);
}

TEST(Pipeline, WantsNoCallThatADelayMakesNeedless) {
  Impairment impairment = megabit();
  impairment.delay = 1ms;
  PipelineRun run{impairment};

  run.offer(0ms, kTenMilliseconds);
  run.offer(0ms, kTenMilliseconds);

  EXPECT_EQ(run.pipeline().next(), 10ms + 500us);
}

TEST(Pipeline, TellsWhatItDid) {
  Impairment impairment = megabit();
  impairment.queue.limit_packets = 1;
  impairment.loss = ListedLoss{{1}};
  PipelineRun run{impairment};

  for (int i = 0; i < 4; ++i) run.offer(0ms, 100);  // lost, on the line, queued, no room

  const PipelineCounters& counters = run.pipeline().counters();
  EXPECT_EQ(counters.offered_packets, 4U);
  EXPECT_EQ(counters.offered_bytes, 400U);
  EXPECT_EQ(counters.departed_packets, 1U);
  EXPECT_EQ(counters.departed_bytes, 100U);
  EXPECT_EQ(counters.queue_packets, 1U);
  EXPECT_EQ(counters.queue_bytes, 100U);
  EXPECT_EQ(counters.max_queue_packets, 1U);
  EXPECT_THAT(counters.drops, ElementsAre(1, 1, 0, 0, 0, 0));
}

TEST(Pipeline, HandsOnWhatItWasToldOfAPacket) {
  PipelineRun run{{.delay = 1ms}};

  run.offer({.at = 3ms, .bytes = 99, .packet_class = PacketClass::control, .frame = 42});

  const Decision& decision = run.last();
  EXPECT_EQ(decision.frame, 42U);
  EXPECT_EQ(decision.bytes, 99U);
  EXPECT_EQ(decision.packet_class, PacketClass::control);
  EXPECT_EQ(decision.number, 1U);
  EXPECT_EQ(decision.arrived, 3ms);
  EXPECT_FALSE(decision.mark);
  EXPECT_EQ(decision.flip_bit, -1);
}

}  // namespace
}  // namespace dummynet::wire

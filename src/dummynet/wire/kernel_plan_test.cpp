#include "dummynet/wire/kernel_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "dummynet/wire/kernel_link.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;
using net::FifoQdisc;
using net::NetemQdisc;
using net::Qdisc;
using net::TbfQdisc;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Qdisc> plan(const Impairment& impairment, bool has_netem = true) {
  return plan_kernel_link(impairment, 1, 1500, has_netem);
}

std::string kinds(const std::vector<Qdisc>& chain) {
  std::string text;
  for (const Qdisc& one : chain) text += (text.empty() ? "" : " ") + std::string{net::kind_of(one)};
  return text;
}

std::vector<std::string> refused_properties(const Impairment& impairment) {
  std::vector<std::string> properties;
  for (const ImpairmentComplaint& one : check_kernel_backend(impairment)) {
    EXPECT_THAT(one.message, HasSubstr("use `emulation: engine`"));
    properties.push_back(one.property);
  }
  return properties;
}

Impairment with_rate(std::uint64_t bits_per_second) { return {.rate = LineRate{bits_per_second}}; }

TEST(KernelPlan, DoesNothingForNothing) { EXPECT_TRUE(plan({}).empty()); }

TEST(KernelPlan, LeavesFramesWholeWhereOnlyADelayIsAsked) {
  Impairment impairment;
  impairment.delay = 20ms;

  const auto chain = plan(impairment);

  ASSERT_EQ(kinds(chain), "netem");
  EXPECT_EQ(std::get<NetemQdisc>(chain[0]).delay, 20ms);
  EXPECT_GT(std::get<NetemQdisc>(chain[0]).limit_packets, 1'000'000U);
}

TEST(KernelPlan, CutsUpFramesBeforeAnythingIsDecided) {
  Impairment impairment;
  impairment.loss = RandomLoss{0.1};

  const auto chain = plan(impairment);

  ASSERT_EQ(kinds(chain), "tbf netem");
  EXPECT_EQ(std::get<TbfQdisc>(chain[0]).burst_bytes, 1522U);
  EXPECT_EQ(std::get<NetemQdisc>(chain[1]).loss, 0.1);
}

TEST(KernelPlan, CountsOnlyTheQueueOfTheRate) {
  Impairment impairment = with_rate(10'000'000);
  impairment.delay = 50ms;
  impairment.loss = GilbertElliott{0.01, 0.2, 0.9, 0.001};
  impairment.queue.limit_packets = 77;

  const auto chain = plan(impairment);

  ASSERT_EQ(kinds(chain), "tbf netem netem");
  const auto& way = std::get<NetemQdisc>(chain[1]);
  EXPECT_EQ(way.delay, 50ms);
  EXPECT_EQ(way.bytes_per_second, 0U);
  EXPECT_EQ(way.bursts, (NetemQdisc::Bursts{0.01, 0.2, 0.9, 0.001}));
  EXPECT_GT(way.limit_packets, 1'000'000U);
  const auto& line = std::get<NetemQdisc>(chain[2]);
  EXPECT_EQ(line.bytes_per_second, 1'250'000U);
  EXPECT_EQ(line.limit_packets, 77U);
  EXPECT_EQ(line.delay, 0ms);
  EXPECT_FALSE(line.bursts);
  EXPECT_NE(line.seed, way.seed);
}

TEST(KernelPlan, TakesTheUsualLimitWhereNoneIsGiven) {
  Impairment impairment = with_rate(100'000'000);
  impairment.delay = 100ms;

  EXPECT_EQ(std::get<NetemQdisc>(plan(impairment)[2]).limit_packets, default_limit_packets(impairment));
}

TEST(KernelPlan, DoesARateWithoutNetem) {
  Impairment impairment = with_rate(8'000'000);
  impairment.queue.limit_packets = 50;

  const auto chain = plan(impairment, false);

  ASSERT_EQ(kinds(chain), "tbf tbf pfifo");
  EXPECT_EQ(std::get<TbfQdisc>(chain[1]).bytes_per_second, 1'000'000U);
  EXPECT_EQ(std::get<TbfQdisc>(chain[1]).burst_bytes, 4000U);
  EXPECT_EQ(std::get<FifoQdisc>(chain[2]).limit, 50U);
  EXPECT_FALSE(needs_netem(impairment));
  impairment.delay = 1ms;
  EXPECT_TRUE(needs_netem(impairment));
}

TEST(KernelPlan, GivesOtherQueuesTheirOwnPlace) {
  const auto kinds_with = [](auto change) {
    Impairment impairment = with_rate(1'000'000);
    impairment.delay = 5ms;
    change(impairment.queue);
    return kinds(plan(impairment));
  };
  EXPECT_EQ(kinds_with([](Queue& queue) { queue.kind = Queue::Kind::codel; }), "tbf netem tbf codel");
  EXPECT_EQ(kinds_with([](Queue& queue) { queue.kind = Queue::Kind::pie; }), "tbf netem tbf pie");
  EXPECT_EQ(kinds_with([](Queue& queue) { queue.kind = Queue::Kind::drop_head; }), "tbf netem tbf pfifo_head_drop");
  EXPECT_EQ(kinds_with([](Queue& queue) { queue.limit_bytes = 9000; }), "tbf netem tbf bfifo");
}

TEST(KernelPlan, CountsATimeLimitInBytes) {
  Impairment impairment = with_rate(8'000'000);
  impairment.queue.limit_time = 30ms;

  EXPECT_EQ(std::get<FifoQdisc>(plan(impairment).back()).limit, 30'000U);
}

TEST(KernelPlan, NeverNeedsTwoNetemsWhereOneDuplicates) {
  Impairment impairment = with_rate(1'000'000);
  impairment.duplicate = 0.01;
  EXPECT_EQ(kinds(plan(impairment)), "tbf netem");
  impairment.delay = 5ms;
  EXPECT_EQ(kinds(plan(impairment)), "tbf netem tbf pfifo");
}

TEST(KernelPlan, DropsEverythingThatGoesOverALinkThatIsDown) {
  Impairment impairment = with_rate(1);
  impairment.up = false;

  EXPECT_EQ(kinds(plan(impairment)), "blackhole");
  EXPECT_FALSE(needs_netem(impairment));
}

TEST(KernelPlan, ChangesInItsPlaceUnlessAKindOrATableGoes) {
  Impairment impairment;
  impairment.delay = 20ms;
  const auto plain = plan(impairment);
  impairment.delay = 30ms;
  EXPECT_TRUE(can_change_in_place(plain, plan(impairment)));
  impairment.loss = RandomLoss{0.1};
  EXPECT_FALSE(can_change_in_place(plain, plan(impairment)));
  const auto lossy = plan(impairment);
  impairment.jitter = {5ms, Jitter::Distribution::normal, {}, true};
  const auto shaky = plan(impairment);
  EXPECT_EQ(std::get<NetemQdisc>(shaky[1]).table.size(), 4096U);
  EXPECT_TRUE(can_change_in_place(lossy, shaky));
  EXPECT_FALSE(can_change_in_place(shaky, lossy));
}

TEST(KernelCheck, TakesWhatTheKernelCanDo) {
  Impairment impairment = with_rate(1'000'000);
  impairment.delay = 20ms;
  impairment.jitter = {5ms, Jitter::Distribution::pareto, {}, true};
  impairment.loss = GilbertElliott{0.1, 0.2, 1, 0};
  impairment.duplicate = 0.1;
  impairment.corrupt = 0.1;
  impairment.reorder = {0.1, 3};
  impairment.queue.kind = Queue::Kind::codel;
  EXPECT_THAT(refused_properties(impairment), IsEmpty());
}

TEST(KernelCheck, NamesEverythingThatItCannot) {
  Impairment impairment;
  impairment.loss = ListedLoss{{3}};
  impairment.rate = DeliveryTrace{{1}, true};
  impairment.delay = 20ms;
  impairment.jitter.amount = 5ms;
  impairment.queue.kind = Queue::Kind::drop_head;
  impairment.queue.limit_bytes = 9000;
  impairment.queue.limit_packets = 9;
  EXPECT_THAT(refused_properties(impairment), ElementsAre("loss", "jitter", "trace", "limit", "limit"));

  impairment.up = false;
  EXPECT_THAT(refused_properties(impairment), IsEmpty());
}

TEST(KernelCheck, RefusesWhatWouldBeRoundedAway) {
  Impairment impairment;
  impairment.loss = EveryNthLoss{10};
  impairment.rate = RateSchedule{{{0ns, 8000}}, {}, 0};
  EXPECT_THAT(refused_properties(impairment), ElementsAre("loss", "rate"));

  EXPECT_THAT(refused_properties(with_rate(1'000'001)), ElementsAre("rate"));
  impairment = with_rate(1'000'000);
  std::get<LineRate>(impairment.rate).overhead_bytes = -14;
  EXPECT_THAT(refused_properties(impairment), IsEmpty()) << "netem's rate can";
  impairment.queue.kind = Queue::Kind::pie;
  EXPECT_THAT(refused_properties(impairment), ElementsAre("rate"));
}

TEST(KernelCheck, SaysWhatTheKernelDoesInAnotherWay) {
  Impairment impairment = with_rate(1'000'000);
  EXPECT_THAT(kernel_backend_differences(impairment, true), IsEmpty());
  EXPECT_THAT(kernel_backend_differences(impairment, false), ElementsAre(HasSubstr("the rate is held by tbf")));
  impairment.loss = RandomLoss{0.1};
  EXPECT_THAT(kernel_backend_differences(impairment, true), ElementsAre(HasSubstr("hit ARP")));
  impairment.spare_control = false;
  EXPECT_THAT(kernel_backend_differences(impairment, true), IsEmpty());
}

}  // namespace
}  // namespace dummynet::wire

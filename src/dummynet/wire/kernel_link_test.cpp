// The kernel as the one that decides, on real links: with tbf everywhere, with netem (KernelLinkNetemTest) where it is.
#include "dummynet/wire/kernel_link.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>

#include "support/network_test.hpp"
#include "support/udp_probe.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;
using test::UdpProbe;
using testing::HasSubstr;

constexpr std::uint64_t kFrame = UdpProbe::kPayload + 42;

class KernelLinkTest : public test::NetworkTest {
 protected:
  void SetUp() override {
    test::NetworkTest::SetUp();
    if (IsSkipped()) return;
    network_.add_node("a");
    network_.add_node("b");
    network_.add_link({"a", {}}, {"b", {}});
    network_.up();
    probe_.emplace(monitor_, network_, "a", "b");
  }
  /// Until nothing of it is on its way any more, neither in the queues nor behind them.
  UdpProbe::All receive_the_rest(KernelLinks& links) {
    return probe_->receive_the_rest([&] { return links.counters()[0][0].waiting_packets == 0; });
  }
  EmulatedLink uplink(const Impairment& impairment) { return {0, {impairment, {}}}; }

  net::Network network_{monitor_};
  std::optional<UdpProbe> probe_;
};

Impairment with_rate(std::uint64_t bits_per_second, std::uint64_t limit_packets) {
  return {.rate = LineRate{bits_per_second}, .queue = {.limit_packets = limit_packets}};
}

TEST_F(KernelLinkTest, HoldsARateAndCountsWhatPassed) {
  constexpr std::uint32_t kCount = 300;
  KernelLinks links{monitor_, network_, {uplink(with_rate(8'000'000, 1000))}};
  const KernelCounters before = links.counters()[0][0];

  const auto start = UdpProbe::now();
  for (std::uint32_t i = 0; i < kCount; ++i) probe_->send(i);
  const auto received = probe_->receive(kCount);

  ASSERT_EQ(received.size(), kCount);
  // 1 ms each; 4 ms' worth may pass at once.
  EXPECT_GE(received.back().at - start, std::chrono::milliseconds{kCount - 6});
  const KernelCounters after = links.counters()[0][0];
  EXPECT_GE(after.departed_packets - before.departed_packets, kCount);
  EXPECT_GE(after.departed_bytes - before.departed_bytes, kCount * kFrame);
  EXPECT_EQ(after.dropped_packets, before.dropped_packets);
}

TEST_F(KernelLinkTest, DropsWhatTheQueueHasNoRoomFor) {
  constexpr std::uint32_t kCount = 200;
  KernelLinks links{monitor_, network_, {uplink(with_rate(800'000, 20))}};

  for (std::uint32_t i = 0; i < kCount; ++i) probe_->send(i);
  const auto received = receive_the_rest(links);

  const KernelCounters counters = links.counters()[0][0];
  EXPECT_GE(received.size(), 20U);
  EXPECT_LT(received.size(), kCount);
  EXPECT_EQ(received.front().number, 0U);
  EXPECT_GE(counters.dropped_packets, kCount - received.size());
  EXPECT_GE(counters.departed_packets, received.size());
}

TEST_F(KernelLinkTest, DropsTheOldestWhereThatIsAsked) {
  constexpr std::uint32_t kCount = 200;
  Impairment impairment = with_rate(800'000, 20);
  impairment.queue.kind = Queue::Kind::drop_head;
  KernelLinks links{monitor_, network_, {uplink(impairment)}};

  for (std::uint32_t i = 0; i < kCount; ++i) probe_->send(i);
  const auto received = receive_the_rest(links);

  ASSERT_FALSE(received.empty());
  EXPECT_LT(received.size(), kCount);
  EXPECT_EQ(received.back().number, kCount - 1) << "the newest has found room";
}

TEST_F(KernelLinkTest, CountsEachSegmentOfALargeFrame) {
  constexpr std::uint32_t kSegments = 10;
  KernelLinks links{monitor_, network_, {uplink(with_rate(8'000'000, 1000))}};
  const KernelCounters before = links.counters()[0][0];

  probe_->send_as_one(1, kSegments);
  EXPECT_EQ(probe_->receive(kSegments).size(), kSegments);

  EXPECT_GE(links.counters()[0][0].departed_packets - before.departed_packets, std::uint64_t{kSegments});
}

TEST_F(KernelLinkTest, ImpairsOneDirectionOnly) {
  Impairment down;
  down.up = false;
  KernelLinks links{monitor_, network_, {{0, {Impairment{}, down}}}};

  probe_->send(7);
  EXPECT_EQ(probe_->receive(1).front().number, 7U);
  EXPECT_EQ(links.counters()[0][0], KernelCounters{});
  if (!has_program("ping")) return;
  EXPECT_FALSE(succeeds(network_, "a", {"ping", "-n", "-c", "1", "-W", "1", "b"}));
  EXPECT_GT(links.counters()[0][1].dropped_packets, 0U);
}

TEST_F(KernelLinkTest, GoesDownAndUpWhileItLives) {
  KernelLinks links{monitor_, network_, {uplink({})}};
  Impairment down;
  down.up = false;

  links.set(0, Direction::uplink, down);
  probe_->send(1);
  EXPECT_GE(links.counters()[0][0].dropped_packets, 1U);
  links.set(0, Direction::uplink, {});
  probe_->send(2);

  EXPECT_EQ(probe_->receive(1).front().number, 2U);
  EXPECT_GE(links.counters()[0][0].dropped_packets, 1U) << "what is gone is still counted";
  EXPECT_TRUE(links.impairment(0, Direction::uplink).up);
}

TEST_F(KernelLinkTest, ChangesTheRateWithoutLosingWhatWaits) {
  constexpr std::uint32_t kCount = 30;
  KernelLinks links{monitor_, network_, {uplink(with_rate(80'000, 100))}};  // 100 ms each

  for (std::uint32_t i = 0; i < kCount; ++i) probe_->send(i);
  EXPECT_GT(links.counters()[0][0].waiting_packets, kCount / 2);
  links.set(0, Direction::uplink, with_rate(80'000'000, 100));

  EXPECT_EQ(probe_->receive(kCount).size(), kCount);
}

TEST_F(KernelLinkTest, RefusesWhatItCannotDoBeforeAnythingIsTouched) {
  Impairment impairment;
  impairment.loss = ListedLoss{{1}};
  try {
    KernelLinks links{monitor_, network_, {uplink(impairment)}};
    FAIL() << "made";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("loss: the kernel cannot lose packets by number; use `emulation: engine`"));
  }
  EXPECT_THROW(KernelLinks(monitor_, network_, {{5, {}}}), std::invalid_argument);
  KernelLinks links{monitor_, network_, {uplink({})}};
  EXPECT_THROW(links.set(1, Direction::uplink, {}), std::invalid_argument);
}

TEST_F(KernelLinkTest, NamesNetemWhereTheKernelHasNone) {
  if (kernel_has_netem(monitor_)) GTEST_SKIP() << "this kernel has netem";
  Impairment impairment;
  impairment.delay = 1ms;
  try {
    KernelLinks links{monitor_, network_, {uplink(impairment)}};
    FAIL() << "made";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_THAT(error.what(), HasSubstr("qdisc netem on a:eth0: this kernel has no netem"));
    EXPECT_THAT(error.what(), HasSubstr("; or use `emulation: engine`"));
  }
}

class KernelLinkNetemTest : public KernelLinkTest {
 protected:
  void SetUp() override {
    KernelLinkTest::SetUp();
    if (!IsSkipped() && !kernel_has_netem(monitor_)) GTEST_SKIP() << "this kernel has no netem";
  }
  /// Sends them in portions that fit into every buffer, and gives what arrived.
  UdpProbe::All send_many(KernelLinks& links, std::uint32_t count) {
    UdpProbe::All all;
    constexpr std::uint32_t kPortion = 100;
    for (std::uint32_t i = 0; i < count;) {
      for (const std::uint32_t end = std::min(count, i + kPortion); i < end; ++i) probe_->send(i, 64);
      const auto some = receive_the_rest(links);
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
};

TEST_F(KernelLinkNetemTest, CountsItsQueueWithoutWhatIsOnItsWay) {
  Impairment impairment = with_rate(8'000'000, 20);  // 1 ms each
  impairment.delay = 400ms;
  KernelLinks links{monitor_, network_, {uplink(impairment)}};

  std::set<std::uint32_t> numbers;
  for (std::uint32_t i = 0; i < 100; ++i) {
    // Never more than a few in the queue, but all of them on their way. Nothing is waited for here: the pace, half of
    // what the line could carry, is what this traffic is about.
    probe_->send(i);
    std::this_thread::sleep_for(2ms);
  }
  for (const UdpProbe::Received& one : receive_the_rest(links)) numbers.insert(one.number);

  EXPECT_EQ(numbers.size(), 100U);
  EXPECT_EQ(links.counters()[0][0].dropped_packets, 0U);

  for (std::uint32_t i = 0; i < 100; ++i) probe_->send(i);  // at once: far too many
  const std::size_t arrived = receive_the_rest(links).size();
  EXPECT_GE(arrived, 20U);
  EXPECT_LT(arrived, 100U);
  EXPECT_GE(links.counters()[0][0].dropped_packets, 100 - arrived);
}

TEST_F(KernelLinkNetemTest, ReadsTheSeedBackWhereTheKernelKnowsIt) {
  Impairment impairment;
  impairment.loss = RandomLoss{0.5};
  KernelLinks links{monitor_, network_, {uplink(impairment)}, 7};
  const auto survivors = [&] {
    std::vector<std::uint32_t> numbers;
    for (const UdpProbe::Received& one : send_many(links, 200)) numbers.push_back(one.number);
    return numbers;
  };
  const auto first = survivors();
  impairment.loss = RandomLoss{0.4};
  links.set(0, Direction::uplink, impairment);
  impairment.loss = RandomLoss{0.5};
  links.set(0, Direction::uplink, impairment);

  EXPECT_EQ(survivors() == first, links.is_seeded());
}

}  // namespace
}  // namespace dummynet::wire

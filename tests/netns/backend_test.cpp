// What a link does to packets, whoever decides it: the same expectations of the engine and of the kernel's netem.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>

#include "dummynet/wire/kernel_link.hpp"
#include "dummynet/wire/link_engine.hpp"
#include "support/network_test.hpp"
#include "support/udp_probe.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;
using test::UdpProbe;

enum class Who : std::uint8_t { engine, netem };
void PrintTo(Who who, std::ostream* out) { *out << (who == Who::engine ? "engine" : "netem"); }

/// a - b; what a sends to b is impaired.
class BackendTest : public test::NetworkTest, public testing::WithParamInterface<Who> {
 protected:
  bool is_engine() const { return GetParam() == Who::engine; }

  void SetUp() override {
    test::NetworkTest::SetUp();
    if (IsSkipped()) return;
    if (!is_engine() && !kernel_has_netem(monitor_)) GTEST_SKIP() << "this kernel has no netem";
    net::Topology topology;
    topology.nodes = {test::node("a"), test::node("b")};
    topology.links = {test::link(test::end("a"), test::end("b"))};
    topology.links.front().cut = is_engine();
    network_.emplace(monitor_, topology);
    network_->up();
    const std::vector<EmulatedLink> links{{0, {}}};
    if (is_engine()) engine_ = std::make_unique<LinkEngine>(monitor_, *network_, links);
    if (!is_engine()) kernel_ = std::make_unique<KernelLinks>(monitor_, *network_, links);
    probe_.emplace(monitor_, *network_, "a", "b");
  }

  void impair(const Impairment& impairment) {
    if (engine_) engine_->set(0, Direction::uplink, impairment);
    if (kernel_) kernel_->set(0, Direction::uplink, impairment);
    seen_before_ = engine_ ? seen(engine_->counters()[0].directions[0]) : 0;
  }
  /// An engine that is held up for long misses what overflows in its socket.
  static std::uint64_t seen(const DirectionCounters& counters) {
    return counters.fate.offered_packets + counters.own_losses;
  }
  /// None of `sent` data packets waits any more, but for those that are on their way for the delay alone.
  bool is_idle(std::uint64_t sent) {
    if (kernel_) return kernel_->counters()[0][0].waiting_packets == 0;
    const DirectionCounters now = engine_->counters()[0].directions[0];
    return seen(now) >= seen_before_ + sent && now.fate.queue_packets == 0;
  }
  /// Sends them in portions that fit into every buffer, and gives what arrived.
  UdpProbe::All send_many(std::uint32_t count, std::size_t bytes = 64) {
    UdpProbe::All all;
    constexpr std::uint32_t kPortion = 100;
    for (std::uint32_t i = 0; i < count;) {
      for (const std::uint32_t end = std::min(count, i + kPortion); i < end; ++i) probe_->send(i, bytes);
      const auto some = probe_->receive_the_rest([&] { return is_idle(i); });
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }

  std::optional<net::Network> network_;
  std::unique_ptr<LinkEngine> engine_;
  std::unique_ptr<KernelLinks> kernel_;
  std::optional<UdpProbe> probe_;
  std::uint64_t seen_before_ = 0;
};

INSTANTIATE_TEST_SUITE_P(, BackendTest, testing::Values(Who::engine, Who::netem),
                         [](const auto& who) { return std::string{who.param == Who::engine ? "engine" : "netem"}; });

Impairment with_loss(Loss loss) { return {.loss = std::move(loss)}; }

Impairment with_rate(std::uint64_t bits_per_second, std::uint64_t limit_packets) {
  return {.rate = LineRate{bits_per_second}, .queue = {.limit_packets = limit_packets}};
}

TEST_P(BackendTest, DelaysEachPacketByAtLeastWhatWasAsked) {
  Impairment impairment;
  impairment.delay = 40ms;
  impair(impairment);

  for (std::uint32_t i = 0; i < 20; ++i) {
    const auto start = UdpProbe::now();
    probe_->send(i);
    const auto received = probe_->receive(1);
    ASSERT_EQ(received.size(), 1U);
    EXPECT_GE(received[0].at - start, 40ms);
  }
}

TEST_P(BackendTest, VariesTheDelayWithinWhatWasAsked) {
  Impairment impairment;
  impairment.delay = 30ms;
  impairment.jitter = {20ms, Jitter::Distribution::uniform, {}, true};
  impair(impairment);

  std::chrono::nanoseconds shortest = 1h;
  for (std::uint32_t i = 0; i < 60; ++i) {
    const auto start = UdpProbe::now();
    probe_->send(i);
    const auto received = probe_->receive(1);
    ASSERT_EQ(received.size(), 1U);
    const auto took = received[0].at - start;
    EXPECT_GE(took, 10ms);
    shortest = std::min(shortest, std::chrono::nanoseconds{took});
  }
  EXPECT_LT(shortest, 30ms);
}

TEST_P(BackendTest, LosesAsOftenAsWasAsked) {
  constexpr std::uint32_t kCount = 3000;
  constexpr double kLoss = 0.1;
  impair(with_loss(RandomLoss{kLoss}));

  const double lost = kCount - static_cast<double>(send_many(kCount).size());

  EXPECT_NEAR(lost, kCount * kLoss, 6 * std::sqrt(kCount * kLoss * (1 - kLoss)));
}

TEST_P(BackendTest, LosesInBurstsOfTheLengthThatWasAsked) {
  constexpr std::uint32_t kCount = 3000;
  impair(with_loss(GilbertElliott{0.02, 0.2, 1, 0}));  // 1 of 11, five at a time

  const auto received = send_many(kCount);

  std::uint32_t bursts = 0;
  for (std::size_t i = 1; i < received.size(); ++i) bursts += received[i].number > received[i - 1].number + 1 ? 1 : 0;
  const double lost = kCount - static_cast<double>(received.size());
  ASSERT_GT(bursts, 0U);
  // Bursts vary: their number is some 55 ± 7, the length of each 5 ± 4.5.
  EXPECT_NEAR(lost, kCount / 11.0, 200);
  EXPECT_NEAR(lost / bursts, 5, 3.6);
}

TEST_P(BackendTest, DecidesEachSegmentOfALargeFrame) {
  constexpr std::uint32_t kSegments = 10;
  constexpr std::uint32_t kFrames = 40;
  impair(with_loss(RandomLoss{0.3}));

  UdpProbe::All all;
  std::set<std::uint32_t> frames_with_a_gap;
  for (std::uint32_t i = 0; i < kFrames; ++i) {
    probe_->send_as_one(i * kSegments, kSegments);
    const auto some = probe_->receive_the_rest([&] { return is_idle(std::uint64_t{i + 1} * kSegments); });
    if (!some.empty() && some.size() < kSegments) frames_with_a_gap.insert(i);
    all.insert(all.end(), some.begin(), some.end());
  }

  constexpr double kCount = kFrames * kSegments;
  EXPECT_NEAR(static_cast<double>(all.size()), kCount * 0.7, 6 * std::sqrt(kCount * 0.3 * 0.7));
  EXPECT_GT(frames_with_a_gap.size(), kFrames / 2);
  for (const UdpProbe::Received& one : all) EXPECT_TRUE(one.is_intact) << one.number;
}

TEST_P(BackendTest, SerialisesAtTheRateEvenASinglePacket) {
  impair(with_rate(80'000, 50));  // 100 ms each

  const auto start = UdpProbe::now();
  for (std::uint32_t i = 0; i < 5; ++i) probe_->send(i);
  const auto received = probe_->receive(5);

  ASSERT_EQ(received.size(), 5U);
  for (std::uint32_t i = 0; i < 5; ++i) EXPECT_GE(received[i].at - start, 100ms * (i + 1)) << i;
}

TEST_P(BackendTest, AddsTheDelayToTheTransmission) {
  Impairment impairment = with_rate(80'000, 50);  // 100 ms each
  impairment.delay = 250ms;
  impair(impairment);

  const auto start = UdpProbe::now();
  for (std::uint32_t i = 0; i < 3; ++i) probe_->send(i);
  const auto received = probe_->receive(3);

  ASSERT_EQ(received.size(), 3U);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_GE(received[i].at - start, 250ms + 100ms * (i + 1)) << i;
}

TEST_P(BackendTest, DropsWhatTheQueueHasNoRoomForButNotWhatIsOnItsWay) {
  Impairment impairment = with_rate(800'000, 20);  // 10 ms each
  impairment.delay = 90ms;
  impair(impairment);

  for (std::uint32_t i = 0; i < 200; ++i) probe_->send(i);
  const auto received = probe_->receive_the_rest([&] { return is_idle(200); });

  EXPECT_GE(received.size(), 20U);
  EXPECT_LT(received.size(), 200U);
  EXPECT_EQ(received.front().number, 0U);
}

TEST_P(BackendTest, DuplicatesAndLetsThemOvertake) {
  constexpr std::uint32_t kCount = 400;
  Impairment impairment;
  impairment.duplicate = 0.25;
  impairment.delay = 30ms;
  impairment.jitter = {20ms, Jitter::Distribution::normal, {}, true};
  impair(impairment);

  const auto received = send_many(kCount);

  EXPECT_NEAR(static_cast<double>(received.size()), kCount * 1.25, 6 * std::sqrt(kCount * 0.25 * 0.75));
  bool overtaken = false;
  for (std::size_t i = 1; i < received.size(); ++i) overtaken |= received[i].number < received[i - 1].number;
  EXPECT_TRUE(overtaken);
}

TEST_P(BackendTest, SendsSomeAtOnceBeforeThoseThatAreDelayed) {
  constexpr std::uint32_t kCount = 300;
  Impairment impairment;
  impairment.delay = 50ms;
  impairment.reorder = {0.2, 1};
  impair(impairment);

  const auto received = send_many(kCount);

  EXPECT_EQ(received.size(), kCount);
  double early = 0;
  std::uint32_t latest = 0;
  for (const UdpProbe::Received& one : received) {
    if (one.number > latest + 1) early += 1;  // its predecessors are still on their way
    latest = std::max(latest, one.number);
  }
  EXPECT_GT(early, 10);
}

TEST_P(BackendTest, NeverDeliversACorruptedPacketAsGoodData) {
  constexpr std::uint32_t kCount = 300;
  Impairment impairment;
  impairment.corrupt = 1;
  impair(impairment);

  const auto received = send_many(kCount, UdpProbe::kPayload);

  // Of some bits nobody checks what they are: the sender's hardware address, for one.
  EXPECT_LT(received.size(), kCount / 5);
  for (const UdpProbe::Received& one : received) EXPECT_TRUE(one.is_intact) << one.number;
}

TEST_P(BackendTest, KeepsAQueueShortByCodel) {
  Impairment impairment = with_rate(800'000, 1000);
  impairment.delay = 5ms;
  impairment.queue.kind = Queue::Kind::codel;
  impair(impairment);

  for (std::uint32_t i = 0; i < 200; ++i) probe_->send(i);  // two seconds' worth: above 5 ms for longer than 100 ms
  const auto received = probe_->receive_the_rest([&] { return is_idle(200); });

  EXPECT_LT(received.size(), 200U);
  EXPECT_GT(received.size(), 100U);
}

TEST_P(BackendTest, DropsEverythingWhileItIsDown) {
  Impairment down;
  down.up = false;
  impair(down);
  for (std::uint32_t i = 1; i < 20; ++i) probe_->send(i);
  EXPECT_TRUE(probe_->receive_the_rest([&] { return is_idle(19); }).empty());

  impair({});
  probe_->send(20);
  EXPECT_EQ(probe_->receive(1).front().number, 20U);
}

}  // namespace
}  // namespace dummynet::wire

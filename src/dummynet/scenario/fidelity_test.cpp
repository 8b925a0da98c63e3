#include "dummynet/scenario/fidelity.hpp"

#include <gmock/gmock.h>

namespace dummynet::scenario {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// A link on which so many packets were released, some of them late.
std::vector<LinkResult> link_with(std::uint64_t packets, std::uint64_t late, std::uint64_t very_late = 0) {
  std::vector<LinkResult> links(1);
  DirectionResult& up = links[0].directions[0];
  up.from = "a:eth0";
  up.to = "b:eth0";
  up.counters.fate.offered_packets = packets;
  up.counters.lateness.buckets[3] = packets;
  up.counters.lateness.max = 7ms;
  up.counters.late_packets = late;
  up.counters.very_late_packets = very_late;
  return links;
}

TEST(Fidelity, IsGoodOnItsBounds) {
  EXPECT_FALSE(judge_fidelity({}));
  EXPECT_FALSE(judge_fidelity(link_with(0, 0)));
  EXPECT_FALSE(judge_fidelity(link_with(1000, 10)));
  EXPECT_FALSE(judge_fidelity(link_with(1000, 1, 1)));
}

TEST(Fidelity, IsLostBeyondThem) {
  const auto late = judge_fidelity(link_with(1000, 11));
  ASSERT_TRUE(late);
  EXPECT_EQ(late->kind, Cause::Kind::unfaithful);
  EXPECT_EQ(verdict_of(late->kind), Verdict::inconclusive);
  EXPECT_EQ(late->text,
            "packets did not meet the fate that was asked for: 11 of 1000 packets a:eth0 → b:eth0 (1.1%) left more "
            "than 1ms (or 5% of the delay) late, the latest one by 7ms; 1% may");
  const auto very_late = judge_fidelity(link_with(1000, 11, 2));
  ASSERT_TRUE(very_late);
  EXPECT_THAT(very_late->text, HasSubstr("2 of 1000 packets a:eth0 → b:eth0 (0.2%) left more than 5ms (or 25% of the "
                                         "delay) late"))
      << "the bound that was exceeded more";
}

TEST(Fidelity, SuffersNoLossOfTheEngine) {
  std::vector<LinkResult> links = link_with(1000, 1000, 1000);
  links[0].directions[1] = links[0].directions[0];
  links[0].directions[1].counters.own_losses = 1;
  EXPECT_EQ(
      judge_fidelity(links)->text,
      "packets did not meet the fate that was asked for: the engine itself lost 1 of 1000 packets a:eth0 → b:eth0");
}

TEST(Fidelity, NamesCauseAndMendOfMissedPackets) {
  std::vector<LinkResult> links = link_with(1000, 0);
  wire::DirectionCounters& up = links[0].directions[0].counters;
  up.own_losses = 7;
  up.missed_packets = 5;
  up.room_bytes = 425'984;
  up.room_is_limited = true;
  EXPECT_THAT(judge_fidelity(links)->text,
              HasSubstr("lost 7 of 1005 packets a:eth0 → b:eth0; 5 of them came while the engine's sockets were full, "
                        "which have room for 416 KiB as net.core.rmem_max of this machine permits; more: run as root, "
                        "or sudo sysctl -w net.core.rmem_max=33554432"));
  up.missed_packets = 7;
  up.room_is_limited = false;
  EXPECT_THAT(judge_fidelity(links)->text,
              HasSubstr("; they came while the engine's sockets were full, which have room for 416 KiB: more traffic "
                        "than the engine got CPU time for"));
}

}  // namespace
}  // namespace dummynet::scenario

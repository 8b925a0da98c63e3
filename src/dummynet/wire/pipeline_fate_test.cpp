// Same seed, same fate: what the random models decide for the n-th data packet depends on nothing else.
#include <gtest/gtest.h>

#include <vector>

#include "support/pipeline_run.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kOffered = 100'000;

struct Fate {
  bool is_lost = false;
  std::vector<Nanoseconds> delays{};  // of the packet and its copy
  std::vector<std::int64_t> flipped{};
  bool operator==(const Fate&) const = default;
};

Impairment everything_random() {
  return {.delay = 20ms,
          .jitter = {.amount = 5ms, .distribution = Jitter::Distribution::pareto_normal, .reorder = true},
          .loss = GilbertElliott{.p = 0.01, .r = 0.2, .loss_bad = 0.8, .loss_good = 0.001},
          .duplicate = 0.01,
          .reorder = {.probability = 0.02, .gap = 3},
          .corrupt = 0.01};
}

// The fates of all data packets so far.
std::vector<Fate> fates(const PipelineRun& run) {
  std::vector<Fate> found(kOffered);
  for (const Decision& decision : run.decisions()) {
    if (decision.packet_class == PacketClass::control) continue;
    Fate& fate = found[decision.number - 1];
    if (decision.kind == Decision::Kind::drop) {
      fate.is_lost = true;
    } else {
      fate.delays.push_back(decision.due - decision.arrived);
      fate.flipped.push_back(decision.flip_bit);
    }
  }
  return found;
}

std::vector<Fate> steady_run(const Impairment& impairment, std::uint64_t seed) {
  PipelineRun run{impairment, seed};
  for (std::size_t n = 0; n < kOffered; ++n) run.offer(n * 10us, 500);
  return fates(run);
}

TEST(Fate, IsTheSameInEachRunOfASeed) {
  EXPECT_EQ(steady_run(everything_random(), 7), steady_run(everything_random(), 7));
  EXPECT_NE(steady_run(everything_random(), 7), steady_run(everything_random(), 8));
}

TEST(Fate, DoesNotDependOnControlPacketsNorOnTheTime) {
  const std::vector<Fate> expected = steady_run(everything_random(), 7);

  Impairment impairment = everything_random();
  impairment.spare_control = false;
  PipelineRun run{impairment, 7, 5min};
  Nanoseconds at = 5min;
  for (std::size_t n = 0; n < kOffered; ++n) {
    at += (n * n) % 977 * 1us;
    if (n % 3 == 0) run.offer(at, 60, PacketClass::control);
    if (n % 7 == 0) run.advance(at);
    run.offer(at, 500);
  }

  EXPECT_EQ(fates(run), expected);
}

TEST(Fate, OfOneModelDoesNotDependOnTheOthers) {
  const std::vector<Fate> expected = steady_run(everything_random(), 7);

  // Jitter, duplication and corruption come and go; whose loss and whose delay are those of before?
  PipelineRun run{everything_random(), 7};
  for (std::size_t n = 0; n < kOffered; ++n) {
    Impairment impairment = everything_random();
    if (n % 1000 == 0 && n / 1000 % 2 == 1) {
      impairment.jitter = {};
      impairment.duplicate = 0;
      impairment.corrupt = 0;
    }
    if (n % 1000 == 0) run.set(impairment, n * 10us);
    run.offer(n * 10us, 500);
  }

  const std::vector<Fate> found = fates(run);
  for (std::size_t n = 0; n < kOffered; ++n) {
    if (n / 1000 % 2 == 0) {
      ASSERT_EQ(found[n], expected[n]) << n;
    } else {
      ASSERT_EQ(found[n].is_lost, expected[n].is_lost) << n;
    }
  }
}

TEST(Fate, OfALossDoesNotDependOnTheQueue) {
  Impairment impairment = everything_random();
  const std::vector<Fate> expected = steady_run(impairment, 7);
  impairment.rate = LineRate{10'000'000};
  impairment.queue.kind = Queue::Kind::codel;
  PipelineRun run{impairment, 7};
  for (std::size_t n = 0; n < kOffered; ++n) run.offer(n * 10us, 500);
  run.finish();

  std::vector<bool> lost(kOffered);
  for (const std::uint64_t number : run.dropped_numbers(DropReason::loss)) lost[number - 1] = true;
  for (std::size_t n = 0; n < kOffered; ++n) ASSERT_EQ(lost[n], expected[n].is_lost) << n;
  EXPECT_GT(run.dropped_numbers(DropReason::queue_full).size(), 10'000U) << "the queue did interfere";
}

TEST(Fate, IsAnotherOnEachLinkAndDirection) {
  const Impairment impairment{.loss = RandomLoss{0.5}};
  std::vector<std::vector<Fate>> all;
  for (std::uint32_t link = 0; link < 3; ++link) {
    for (std::uint32_t direction = 0; direction < 2; ++direction) {
      all.push_back(steady_run(impairment, direction_seed(1, link, direction)));
    }
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      std::size_t equal = 0;
      for (std::size_t n = 0; n < kOffered; ++n) equal += all[i][n].is_lost == all[j][n].is_lost ? 1 : 0;
      EXPECT_NEAR(static_cast<double>(equal), kOffered / 2.0, 4 * 158) << "as often as two coins: σ = 158";
    }
  }
}

}  // namespace
}  // namespace dummynet::wire

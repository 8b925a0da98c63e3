#include "dummynet/wire/loss.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace dummynet::wire {
namespace {

constexpr std::uint64_t kPackets = 2'000'000;

// Which of the packets 1 … kPackets are lost.
std::vector<bool> losses(const Loss& loss, std::uint64_t seed) {
  LossModel model;
  model.set(loss, true);
  const RandomStreams random{seed};
  std::vector<bool> lost(kPackets);
  for (std::uint64_t n = 0; n < kPackets; ++n) lost[n] = model.loses(PacketClass::data, n + 1, random);
  return lost;
}

double share(const std::vector<bool>& lost) {
  return static_cast<double>(std::count(lost.begin(), lost.end(), true)) / static_cast<double>(lost.size());
}

struct Runs {
  std::vector<std::uint64_t> lengths{};
  double mean() const {
    double sum = 0;
    for (const std::uint64_t length : lengths) sum += static_cast<double>(length);
    return sum / static_cast<double>(lengths.size());
  }
};

// Lengths of the stretches of `wanted`; the last, which may not have ended, is left out.
Runs runs(const std::vector<bool>& lost, bool wanted) {
  Runs found;
  std::uint64_t length = 0;
  for (const bool is_lost : lost) {
    if (is_lost == wanted) {
      ++length;
    } else if (length > 0) {
      found.lengths.push_back(length);
      length = 0;
    }
  }
  return found;
}

class RandomLossShare : public testing::TestWithParam<double> {};

TEST_P(RandomLossShare, IsWithinFourStandardErrors) {
  const double wanted = GetParam();
  for (const std::uint64_t seed : {1, 2, 3}) {
    const std::vector<bool> lost = losses(RandomLoss{wanted}, seed);
    const double error = std::sqrt(wanted * (1 - wanted) / static_cast<double>(kPackets));
    EXPECT_NEAR(share(lost), wanted, 4 * error) << "seed " << seed;
  }
}

// Independent losses come in runs of geometric length: mean 1 / (1 - p), and as many of length n as p^(n-1) says.
TEST_P(RandomLossShare, HasNoMemory) {
  const double wanted = GetParam();
  const Runs bursts = runs(losses(RandomLoss{wanted}, 4), true);
  const auto count = static_cast<double>(bursts.lengths.size());

  EXPECT_NEAR(bursts.mean(), 1 / (1 - wanted), 4 * std::sqrt(wanted) / (1 - wanted) / std::sqrt(count));
  const auto pairs = static_cast<double>(std::count(bursts.lengths.begin(), bursts.lengths.end(), 2));
  const double expected = count * wanted * (1 - wanted);
  EXPECT_NEAR(pairs, expected, 4 * std::sqrt(expected) + 1);
}

INSTANTIATE_TEST_SUITE_P(Shares, RandomLossShare, testing::Values(0.001, 0.01, 0.1), [](const auto& given) {
  return std::to_string(std::lround(given.param * 1000)) + "permille";
});

TEST(RandomLossModel, LosesNothingAtNoneAndAllAtAll) {
  EXPECT_EQ(share(losses(RandomLoss{0}, 1)), 0);
  EXPECT_EQ(share(losses(RandomLoss{1}, 1)), 1);
}

// The chain is bad p / (p + r) of the time, for 1 / r packets at a time.
TEST(GilbertElliottModel, HasTheLossAndTheBurstsOfItsChain) {
  const double p = 0.01;
  const double r = 0.25;

  const std::vector<bool> lost = losses(GilbertElliott{.p = p, .r = r}, 5);

  const double bad = p / (p + r);
  // Packets of a burst are not independent: the variance grows by (2 - p - r) / (p + r).
  const double error = std::sqrt(bad * (1 - bad) * (2 - p - r) / (p + r) / static_cast<double>(kPackets));
  EXPECT_NEAR(share(lost), bad, 4 * error);
  const Runs bursts = runs(lost, true);
  const Runs gaps = runs(lost, false);
  EXPECT_NEAR(bursts.mean(), 1 / r, 4 * std::sqrt(1 - r) / r / std::sqrt(static_cast<double>(bursts.lengths.size())));
  EXPECT_NEAR(gaps.mean(), 1 / p, 4 * std::sqrt(1 - p) / p / std::sqrt(static_cast<double>(gaps.lengths.size())));
}

TEST(GilbertElliottModel, LosesAShareInEachState) {
  const double p = 0.02;
  const double r = 0.2;
  const double bad = p / (p + r);

  const double lost = share(losses(GilbertElliott{.p = p, .r = r, .loss_bad = 0.5, .loss_good = 0.01}, 6));

  EXPECT_NEAR(lost, bad * 0.5 + (1 - bad) * 0.01, 0.001);
}

TEST(GilbertElliottModel, BeginsInTheGoodState) {
  LossModel model;
  model.set(GilbertElliott{.p = 1, .r = 1}, true);
  const RandomStreams random{1};

  EXPECT_FALSE(model.loses(PacketClass::data, 1, random));
  EXPECT_TRUE(model.loses(PacketClass::data, 2, random));
  EXPECT_FALSE(model.loses(PacketClass::data, 3, random));
}

TEST(GilbertElliottModel, KeepsItsStateWhenItsFiguresChange) {
  LossModel model;
  const RandomStreams random{1};
  model.set(GilbertElliott{.p = 1, .r = 0}, true);
  EXPECT_FALSE(model.loses(PacketClass::data, 1, random));

  model.set(GilbertElliott{.p = 0, .r = 0}, true);
  EXPECT_TRUE(model.loses(PacketClass::data, 2, random)) << "still bad";
  model.set(RandomLoss{0}, true);
  EXPECT_FALSE(model.loses(PacketClass::data, 3, random));
  model.set(GilbertElliott{.p = 0, .r = 0}, true);
  EXPECT_FALSE(model.loses(PacketClass::data, 4, random)) << "a new chain";
}

TEST(GilbertElliottModel, HasAChainOfItsOwnForControlPackets) {
  LossModel model;
  model.set(GilbertElliott{.p = 1, .r = 0}, false);
  const RandomStreams random{1};

  EXPECT_FALSE(model.loses(PacketClass::data, 1, random));
  EXPECT_FALSE(model.loses(PacketClass::control, 1, random));
  EXPECT_TRUE(model.loses(PacketClass::control, 2, random));
  EXPECT_TRUE(model.loses(PacketClass::data, 2, random));
}

TEST(ListedLossModel, MeansDataPackets) {
  LossModel model;
  const Loss loss = ListedLoss{{2}};
  model.set(loss, false);
  const RandomStreams random{1};

  EXPECT_FALSE(model.loses(PacketClass::data, 1, random));
  EXPECT_FALSE(model.loses(PacketClass::control, 2, random));
  EXPECT_TRUE(model.loses(PacketClass::data, 2, random));
}

}  // namespace
}  // namespace dummynet::wire

#include "dummynet/wire/random_stream.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace dummynet::wire {
namespace {

// The sum of squared differences from `expected` in each of the buckets, over what a fair draw makes of it: its mean is
// the number of buckets less one, its standard deviation the root of twice that.
double chi_square(const std::vector<std::uint64_t>& buckets, double expected) {
  double sum = 0;
  for (const std::uint64_t count : buckets) sum += std::pow(static_cast<double>(count) - expected, 2) / expected;
  return sum;
}

TEST(RandomStreams, SpreadEvenly) {
  const RandomStreams random{1};
  constexpr std::uint64_t kDraws = 1'000'000;
  std::vector<std::uint64_t> buckets(1000);

  for (std::uint64_t n = 1; n <= kDraws; ++n) ++buckets[pick(random.draw(Purpose::loss, PacketClass::data, n), 1000)];

  EXPECT_NEAR(chi_square(buckets, 1000), 999, 4 * std::sqrt(2 * 999));
}

// Pairs of a packet's numbers for two purposes, and of two packets after another, fall evenly on a chequerboard.
TEST(RandomStreams, KnowNothingOfEachOther) {
  const RandomStreams random{2};
  constexpr std::uint64_t kDraws = 1'000'000;
  std::vector<std::uint64_t> purposes(32 * 32);
  std::vector<std::uint64_t> neighbours(32 * 32);
  std::vector<std::uint64_t> classes(32 * 32);

  for (std::uint64_t n = 1; n <= kDraws; ++n) {
    const std::uint64_t loss = pick(random.draw(Purpose::loss, PacketClass::data, n), 32);
    ++purposes[loss * 32 + pick(random.draw(Purpose::jitter, PacketClass::data, n), 32)];
    ++neighbours[loss * 32 + pick(random.draw(Purpose::loss, PacketClass::data, n + 1), 32)];
    ++classes[loss * 32 + pick(random.draw(Purpose::loss, PacketClass::control, n), 32)];
  }

  for (const auto* table : {&purposes, &neighbours, &classes}) {
    EXPECT_NEAR(chi_square(*table, kDraws / 1024.0), 1023, 4 * std::sqrt(2 * 1023));
  }
}

TEST(RandomStreams, GiveACopyNumbersOfItsOwn) {
  const RandomStreams random{3};
  EXPECT_NE(random.draw(Purpose::jitter, PacketClass::data, 1, false),
            random.draw(Purpose::jitter, PacketClass::data, 1, true));
}

TEST(RandomStreams, AreTheSameOnEveryMachine) {
  const RandomStreams random{direction_seed(7, 3, 1)};
  EXPECT_EQ(direction_seed(7, 3, 1), 0xc4026d2f16a9dfecU);
  EXPECT_EQ(random.draw(Purpose::loss, PacketClass::data, 1), 0xf44fb8e0605e2e28U);
}

TEST(DirectionSeed, DiffersForEachSeedLinkAndDirection) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (std::uint32_t link = 0; link < 50; ++link) {
      for (std::uint32_t direction = 0; direction < 2; ++direction) seeds.insert(direction_seed(seed, link, direction));
    }
  }
  EXPECT_EQ(seeds.size(), 20U * 50U * 2U);
}

TEST(Chance, IsExactAtItsEnds) {
  constexpr std::uint64_t kHighest = ~std::uint64_t{0};
  EXPECT_FALSE(Chance{0}.hits(0));
  EXPECT_FALSE(Chance{0}.is_possible());
  EXPECT_FALSE(Chance{-1}.hits(0));
  EXPECT_FALSE(Chance{std::nan("")}.hits(0));
  EXPECT_TRUE(Chance{1}.hits(kHighest));
  EXPECT_TRUE(Chance{2}.hits(kHighest));
  EXPECT_TRUE(Chance{0.5}.hits(kHighest / 2));
  EXPECT_FALSE(Chance{0.5}.hits(kHighest / 2 + 1));
}

TEST(Pick, ReachesTheFirstAndTheLast) {
  EXPECT_EQ(pick(0, 5), 0U);
  EXPECT_EQ(pick(~std::uint64_t{0}, 5), 4U);
}

}  // namespace
}  // namespace dummynet::wire

#include "dummynet/wire/jitter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "dummynet/wire/deviates.hpp"
#include "dummynet/wire/random_stream.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;

TEST(JitterModel, ReachesBothEndsWhenUniform) {
  const JitterModel model{{.amount = 3ns}};

  EXPECT_EQ(model.deviation(0), -3ns);
  EXPECT_EQ(model.deviation(~std::uint64_t{0}), 3ns);
  EXPECT_EQ(model.reach(), 3ns);
}

TEST(JitterModel, IsNothingWithoutAnAmount) {
  EXPECT_FALSE((JitterModel{{.amount = 0ns, .distribution = Jitter::Distribution::normal}}.is_there()));
}

TEST(JitterModel, ReckonsWithAGivenTableAsNetemDoes) {
  const Jitter jitter{.amount = 1000ns, .distribution = Jitter::Distribution::table, .table = {-8192, -4, 5, 16384}};
  const JitterModel model{jitter};
  constexpr std::uint64_t kQuarter = std::uint64_t{1} << 62;

  EXPECT_EQ(model.deviation(0), -1000ns);
  EXPECT_EQ(model.deviation(kQuarter), 0ns) << "-0.488 ns";
  EXPECT_EQ(model.deviation(2 * kQuarter), 1ns) << "0.61 ns";
  EXPECT_EQ(model.deviation(3 * kQuarter), 2000ns);
  EXPECT_EQ(model.reach(), 1000ns);
}

// Over a million packets; figures in units of the jitter. The quantiles follow from the distributions' formulas, and
// those of the tables agree with iproute2's *.dist.
struct Shape {
  const char* name;
  Jitter::Distribution distribution;
  double mean, standard_deviation;
  double quantile_01, quantile_50, quantile_90, quantile_99;
};

class JitterShape : public testing::TestWithParam<Shape> {};

TEST_P(JitterShape, IsWhatItsNameSays) {
  const Shape& shape = GetParam();
  const JitterModel model{{.amount = 1ms, .distribution = shape.distribution}};
  const RandomStreams random{11};
  constexpr std::size_t kDraws = 1'000'000;
  std::vector<double> drawn(kDraws);
  double sum = 0;
  double squares = 0;

  for (std::size_t n = 0; n < kDraws; ++n) {
    drawn[n] = static_cast<double>(model.deviation(random.draw(Purpose::jitter, PacketClass::data, n)).count()) / 1e6;
    sum += drawn[n];
    squares += drawn[n] * drawn[n];
  }
  std::sort(drawn.begin(), drawn.end());

  const double mean = sum / kDraws;
  EXPECT_NEAR(mean, shape.mean, 0.005);  // five standard errors
  EXPECT_NEAR(std::sqrt(squares / kDraws - mean * mean), shape.standard_deviation, 0.005);
  EXPECT_NEAR(drawn[kDraws / 100], shape.quantile_01, 0.02);
  EXPECT_NEAR(drawn[kDraws / 2], shape.quantile_50, 0.01);
  EXPECT_NEAR(drawn[kDraws / 10 * 9], shape.quantile_90, 0.02);
  EXPECT_NEAR(drawn[kDraws / 100 * 99], shape.quantile_99, 0.06);
  EXPECT_GE(drawn.front(), -4.0);
  EXPECT_LE(drawn.back(), 4.0);
}

INSTANTIATE_TEST_SUITE_P(
    Distributions, JitterShape,
    testing::Values(Shape{"uniform", Jitter::Distribution::uniform, 0, 1 / std::sqrt(3.0), -0.98, 0, 0.8, 0.98},
                    Shape{"normal", Jitter::Distribution::normal, 0, 1, -2.326, 0, 1.2816, 2.326},
                    Shape{"pareto", Jitter::Distribution::pareto, -0.0335, 0.8197, -0.6622, -0.3200, 0.8726, 4.0},
                    Shape{"pareto_normal", Jitter::Distribution::pareto_normal, -0.0253, 0.8340, -1.079, -0.2400,
                          0.9748, 3.582}),
    [](const auto& given) { return std::string{given.param.name}; });

TEST(Deviates, AscendAndAreAsWideAsNetems) {
  for (const Deviates* table : {&normal_deviates(), &pareto_deviates(), &pareto_normal_deviates()}) {
    EXPECT_TRUE(std::is_sorted(table->begin(), table->end()));
  }
  EXPECT_NEAR(normal_deviates().front(), -3.6683 * kDeviateScale, 2) << "the middle of the first of 4,096 parts";
  EXPECT_EQ(normal_deviates().front(), -normal_deviates().back());
  EXPECT_EQ(pareto_deviates().front(), -5461) << "-2/3";
  EXPECT_EQ(pareto_deviates().back(), 32767);
}

}  // namespace
}  // namespace dummynet::wire

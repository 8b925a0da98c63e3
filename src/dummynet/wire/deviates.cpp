#include "dummynet/wire/deviates.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dummynet::wire {
namespace {

// The middle of the i-th of 4,096 equal parts of the distribution.
double rank(std::size_t i) { return (static_cast<double>(i) + 0.5) / static_cast<double>(Deviates{}.size()); }

// Where the normal distribution has grown to `rank`: Newton's method on erfc, which glibc has to the last digit.
double normal_quantile(double rank) {
  double x = 0;
  for (int step = 0; step < 100; ++step) {
    const double density = std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0));
    const double change = (std::erfc(-x / std::sqrt(2.0)) / 2 - rank) / density;
    // Far out the density is nearly 0 and a full step would jump over the mark.
    x -= std::clamp(change, -0.5, 0.5);
    if (std::abs(change) < 1e-12) break;
  }
  return x;
}

double pareto_quantile(double rank) { return (1 / std::cbrt(1 - rank) - 1.5) * 4 / 3; }

std::int16_t in_table_units(double deviate) {
  using Limits = std::numeric_limits<std::int16_t>;
  return static_cast<std::int16_t>(
      std::clamp(std::round(deviate * kDeviateScale), double{Limits::min()}, double{Limits::max()}));
}

template <typename Quantile>
Deviates tabulate(Quantile quantile) {
  Deviates table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = in_table_units(quantile(rank(i)));
  return table;
}

}  // namespace

const Deviates& normal_deviates() {
  static const Deviates table = tabulate(normal_quantile);
  return table;
}

const Deviates& pareto_deviates() {
  static const Deviates table = tabulate(pareto_quantile);
  return table;
}

const Deviates& pareto_normal_deviates() {
  static const Deviates table = [] {
    Deviates mixed{};
    for (std::size_t i = 0; i < mixed.size(); ++i) {
      const int sum = normal_deviates()[i] + 3 * pareto_deviates()[i];
      mixed[i] = static_cast<std::int16_t>(std::lround(sum / 4.0));
    }
    return mixed;
  }();
  return table;
}

}  // namespace dummynet::wire

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace dummynet::wire {

/// How far a random delay lies from its middle, as a table of 4,096 equally likely deviates in ascending order, in
/// units of 1/8192 of the jitter. Cut at four times the jitter on both sides. The same distributions as iproute2's
/// normal.dist, pareto.dist and paretonormal.dist, computed when first asked for.
inline constexpr int kDeviateScale = 8192;
using Deviates = std::array<std::int16_t, 4096>;

/// Mean 0, standard deviation 1.
const Deviates& normal_deviates();
/// Pareto of shape 3 from 1 on, less its mean 1.5, times 4/3: a short delay mostly, a long one now and then. From -2/3;
/// what the cut takes away leaves mean -0.033, standard deviation 0.82.
const Deviates& pareto_deviates();
/// A quarter of the normal deviate plus three quarters of the Pareto deviate of the same rank.
const Deviates& pareto_normal_deviates();

}  // namespace dummynet::wire

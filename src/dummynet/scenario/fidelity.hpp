#pragma once

#include <optional>
#include <vector>

#include "dummynet/scenario/result.hpp"

namespace dummynet::scenario {

/// Of a direction's packets at most this share may be late (by more than 1 ms and 5 % of the delay) and very late (by
/// more than 5 ms and 25 %); none may be lost by the engine's own fault.
inline constexpr double kMostLate = 0.01;
inline constexpr double kMostVeryLate = 0.001;

/// Whether the engine did what it was asked to do: the worst that it did not, as the cause of an inconclusive run.
/// Pure.
std::optional<Cause> judge_fidelity(const std::vector<LinkResult>& links);

}  // namespace dummynet::scenario

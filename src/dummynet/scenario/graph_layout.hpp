#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace dummynet::scenario {

/// A place in a picture: x to the right, y downwards, in pixels.
struct Point {
  double x = 0;
  double y = 0;
};

/// Places for nodes, each at least `pitch` from its neighbours: every connected part as rings around its middle, each
/// node behind the one through which it is reached; the parts side by side. Pure, the same for the same graph.
std::vector<Point> lay_out(std::size_t nodes, const std::vector<std::array<std::size_t, 2>>& edges, double pitch);

}  // namespace dummynet::scenario

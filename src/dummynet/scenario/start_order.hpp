#pragma once

#include <cstddef>
#include <vector>

namespace dummynet::scenario {

/// For each item the indices of those that must come before it.
using Dependencies = std::vector<std::vector<std::size_t>>;

struct StartOrder {
  std::vector<std::size_t> order;  ///< all items, each after its dependencies, otherwise as they stood
  std::vector<std::size_t> cycle;  ///< if there is one, its items: each waits for the next, the last for the first
};

/// Takes time linear in items and dependencies, but for ties; no recursion.
StartOrder find_start_order(const Dependencies& dependencies);

}  // namespace dummynet::scenario

#include "dummynet/scenario/start_order.hpp"

#include <algorithm>
#include <functional>
#include <queue>

namespace dummynet::scenario {
namespace {

/// Of the items that could not be ordered each has a dependency that could not be either: following these must close a
/// circle.
std::vector<std::size_t> find_cycle(const Dependencies& dependencies, const std::vector<std::size_t>& missing) {
  std::size_t item = 0;
  while (missing[item] == 0) ++item;
  std::vector<std::size_t> path;
  std::vector<bool> visited(dependencies.size());
  while (!visited[item]) {
    visited[item] = true;
    path.push_back(item);
    item = *std::ranges::find_if(dependencies[item], [&](std::size_t other) { return missing[other] > 0; });
  }
  path.erase(path.begin(), std::ranges::find(path, item));
  std::rotate(path.begin(), std::min_element(path.begin(), path.end()), path.end());
  return path;
}

}  // namespace

StartOrder find_start_order(const Dependencies& dependencies) {
  std::vector<std::vector<std::size_t>> dependents(dependencies.size());
  std::vector<std::size_t> missing(dependencies.size());
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> free;
  for (std::size_t item = 0; item < dependencies.size(); ++item) {
    missing[item] = dependencies[item].size();
    for (const std::size_t dependency : dependencies[item]) dependents[dependency].push_back(item);
    if (missing[item] == 0) free.push(item);
  }
  StartOrder result;
  while (!free.empty()) {
    const std::size_t item = free.top();
    free.pop();
    result.order.push_back(item);
    for (const std::size_t dependent : dependents[item]) {
      if (--missing[dependent] == 0) free.push(dependent);
    }
  }
  if (result.order.size() < dependencies.size()) result.cycle = find_cycle(dependencies, missing);
  return result;
}

}  // namespace dummynet::scenario

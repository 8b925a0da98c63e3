#pragma once

#include <cstddef>
#include <vector>

namespace dummynet::scenario {

/// Which of a number of nodes are joined by links, directly or through others: a union-find.
class Reachability {
 public:
  explicit Reachability(std::size_t nodes) : parent_(nodes) {
    for (std::size_t node = 0; node < nodes; ++node) parent_[node] = node;
  }

  void join(std::size_t a, std::size_t b) { parent_[root(a)] = root(b); }
  bool joined(std::size_t a, std::size_t b) { return root(a) == root(b); }

 private:
  std::size_t root(std::size_t node) {
    while (parent_[node] != node) node = parent_[node] = parent_[parent_[node]];
    return node;
  }

  std::vector<std::size_t> parent_;
};

}  // namespace dummynet::scenario

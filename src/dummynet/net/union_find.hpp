#pragma once

#include <cstddef>
#include <numeric>
#include <vector>

namespace dummynet::net {

/// Which of a number of things are joined, directly or through others.
class UnionFind {
 public:
  explicit UnionFind(std::size_t things) : parent_(things) { std::iota(parent_.begin(), parent_.end(), std::size_t{}); }

  void join(std::size_t a, std::size_t b) { parent_[root(a)] = root(b); }
  bool joined(std::size_t a, std::size_t b) { return root(a) == root(b); }
  /// The same for all that are joined.
  std::size_t root(std::size_t thing) {
    while (parent_[thing] != thing) thing = parent_[thing] = parent_[parent_[thing]];
    return thing;
  }

 private:
  std::vector<std::size_t> parent_;
};

}  // namespace dummynet::net

#include "dummynet/scenario/graph_layout.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dummynet::scenario {
namespace {

class Layout {
 public:
  Layout(std::size_t nodes, const std::vector<std::array<std::size_t, 2>>& edges, double pitch)
      : neighbours_(nodes), points_(nodes), is_placed_(nodes), pitch_{pitch} {
    for (const auto& [first, second] : edges) {
      neighbours_[first].push_back(second);
      neighbours_[second].push_back(first);
    }
  }

  std::vector<Point> lay_out() {
    double right = 0;
    for (std::size_t node = 0; node < points_.size(); ++node) {
      if (!is_placed_[node]) right = place_part(node, right);
    }
    return std::move(points_);
  }

 private:
  /// A spanning tree by breadth: nodes in the order of their discovery.
  struct Tree {
    std::vector<std::size_t> order;
    std::vector<std::size_t> parent;  // by node
    std::vector<std::size_t> depth;
  };
  Tree grow(std::size_t root) const;
  std::size_t find_middle(std::size_t any) const;
  double place_part(std::size_t any, double left);
  std::vector<double> find_radii(const Tree& tree, const std::vector<double>& angles) const;

  std::vector<std::vector<std::size_t>> neighbours_;
  std::vector<Point> points_;
  std::vector<bool> is_placed_;
  double pitch_;
};

Layout::Tree Layout::grow(std::size_t root) const {
  Tree tree{{root}, std::vector<std::size_t>(points_.size(), points_.size()), std::vector<std::size_t>(points_.size())};
  tree.parent[root] = root;
  for (std::size_t next = 0; next < tree.order.size(); ++next) {
    const std::size_t node = tree.order[next];
    for (const std::size_t other : neighbours_[node]) {
      if (tree.parent[other] != points_.size()) continue;
      tree.parent[other] = node;
      tree.depth[other] = tree.depth[node] + 1;
      tree.order.push_back(other);
    }
  }
  return tree;
}

/// Half-way between two nodes that are far apart.
std::size_t Layout::find_middle(std::size_t any) const {
  const std::size_t one = grow(any).order.back();
  const Tree tree = grow(one);
  std::size_t node = tree.order.back();
  for (std::size_t steps = tree.depth[node] / 2; steps > 0; --steps) node = tree.parent[node];
  return node;
}

std::vector<double> Layout::find_radii(const Tree& tree, const std::vector<double>& angles) const {
  std::vector<double> radii{0};
  for (std::size_t i = 1; i < tree.order.size();) {
    const std::size_t depth = tree.depth[tree.order[i]];
    std::vector<double> ring;
    for (; i < tree.order.size() && tree.depth[tree.order[i]] == depth; ++i) ring.push_back(angles[tree.order[i]]);
    std::ranges::sort(ring);
    double gap = ring.size() == 1 ? std::numbers::pi : ring.front() + 2 * std::numbers::pi - ring.back();
    for (std::size_t k = 1; k < ring.size(); ++k) gap = std::min(gap, ring[k] - ring[k - 1]);
    const double chord = 2 * std::sin(std::min(gap, std::numbers::pi) / 2);
    radii.push_back(std::max(radii.back() + 1.9 * pitch_, pitch_ / chord));
  }
  return radii;
}

double Layout::place_part(std::size_t any, double left) {
  const Tree tree = grow(find_middle(any));
  std::vector<double> leaves(points_.size());
  for (auto node = tree.order.rbegin(); node != tree.order.rend(); ++node) {
    if (leaves[*node] == 0) leaves[*node] = 1;
    if (tree.parent[*node] != *node) leaves[tree.parent[*node]] += leaves[*node];
  }
  const std::size_t root = tree.order.front();
  std::vector<double> start(points_.size());  // of the sector of each node, and then of its next branch
  std::vector<double> angles(points_.size());
  const double whole = 2 * std::numbers::pi;
  std::vector<double> next(points_.size());
  start[root] = next[root] = std::numbers::pi;  // the first branch to the left
  for (const std::size_t node : tree.order) {
    if (node == root) continue;
    const std::size_t parent = tree.parent[node];
    const double sector = whole * leaves[node] / leaves[root];
    start[node] = next[node] = next[parent];
    next[parent] += sector;
    angles[node] = start[node] + sector / 2;
  }
  // So that a single row runs from left to right.
  const double turn = tree.order.size() > 1 ? angles[tree.order[1]] - std::numbers::pi : 0;
  const std::vector<double> radii = find_radii(tree, angles);
  const double outer = radii.back();
  for (const std::size_t node : tree.order) {
    const double radius = radii[tree.depth[node]];
    points_[node] = {left + outer + radius * std::cos(angles[node] - turn), radius * std::sin(angles[node] - turn)};
    is_placed_[node] = true;
  }
  return left + 2 * outer + 1.5 * pitch_;
}

}  // namespace

std::vector<Point> lay_out(std::size_t nodes, const std::vector<std::array<std::size_t, 2>>& edges, double pitch) {
  return Layout{nodes, edges, pitch}.lay_out();
}

}  // namespace dummynet::scenario

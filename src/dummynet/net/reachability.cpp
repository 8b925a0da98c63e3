#include <fmt/format.h>

#include <vector>

#include "dummynet/net/name.hpp"
#include "dummynet/net/network_draft.hpp"
#include "dummynet/net/union_find.hpp"

namespace dummynet::net {

void check_reachability(NetworkDraft& draft) {
  const std::size_t nodes = draft.plan.nodes.size();
  if (draft.ends.empty()) return;  // hosts on their own are all that was asked for
  UnionFind joined{nodes};
  for (const auto& [first, second] : draft.ends) {
    if (first.node && second.node) joined.join(*first.node, *second.node);
  }
  std::vector<std::vector<std::size_t>> islands(nodes);
  std::size_t mainland = 0;
  for (std::size_t node = 0; node < nodes; ++node) islands[joined.root(node)].push_back(node);
  for (std::size_t i = 0; i < nodes; ++i) {
    if (islands[i].size() > islands[mainland].size()) mainland = i;
  }
  for (std::size_t node = 0; node < nodes; ++node) {
    const auto& island = islands[joined.root(node)];
    if (joined.root(node) == mainland || island.front() != node) continue;  // once for each
    const std::string name = backticked(draft.plan.nodes[node].name);
    const std::string which = island.size() == 1 ? name : fmt::format("{} and {} more", name, island.size() - 1);
    draft.warn(TopologyComplaint::Place::node, node,
               fmt::format("no links lead from {} to the other nodes: they cannot reach each other", which));
  }
}

}  // namespace dummynet::net

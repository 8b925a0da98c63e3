#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/net/network_plan.hpp"

namespace dummynet::net {

/// Writes hosts(5) for each node. Pure: prepares once what all nodes' files have in common, which is nearly all.
class HostsWriter {
 public:
  explicit HostsWriter(const NetworkPlan& plan);

  /// localhost by IPv4 and IPv6, the node's own name, then all others, in the order they were added, with all addresses
  /// they have: those on a subnet shared with this node first, since the first line is what simple programs take. A
  /// node without any address knows itself by 127.0.0.1, and the others do not know it.
  std::string text_for(std::size_t node) const;

 private:
  struct Node {
    std::string name;
    std::size_t first_line = 0;
    std::size_t end_line = 0;
    std::vector<std::size_t> shared;  // lines of others on its subnets that may have to move up, sorted
  };
  std::string_view lines(std::size_t first, std::size_t end) const;

  std::vector<Node> nodes_;
  std::string text_;                      // all lines of all nodes
  std::vector<std::size_t> line_starts_;  // and the end of the last one
  std::vector<std::size_t> node_of_line_;
};

}  // namespace dummynet::net

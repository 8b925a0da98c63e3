#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/net/network_plan.hpp"

namespace dummynet::net {

/// Writes hosts(5) for each node. Pure: prepares once what all nodes' files have in common, which is nearly all.
///
/// Each file has localhost by IPv4 and IPv6, the node's own name, then all others, in the order they were added, with
/// all addresses they have: those on a subnet shared with this node first, since the first line is what simple programs
/// take. A node without any address knows itself by 127.0.0.1, and the others do not know it.
///
/// In a network where these files would have more than kMostOwnLines lines together, one text serves all nodes that
/// have an address: every name resolves in it just so, but a node with several addresses is known to all by the same
/// one first. It is reached by that through its routes; of a NAT router it is the outside one, which both sides reach.
class HostsWriter {
 public:
  static constexpr std::size_t kMostOwnLines = 1U << 16U;

  explicit HostsWriter(const NetworkPlan& plan);

  std::string text_for(std::size_t node) const;
  /// The same, where many nodes have it in common; else null.
  std::shared_ptr<const std::string> shared_text_for(std::size_t node) const;

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
  std::shared_ptr<const std::string> common_;  // shared, as it goes to the warden that way; null in small networks
};

}  // namespace dummynet::net

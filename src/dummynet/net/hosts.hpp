#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "dummynet/net/address.hpp"

namespace dummynet::net {

/// What the text of /etc/hosts needs to know about a network. Nodes are named by their position.
struct HostsPlan {
  struct End {
    std::size_t node = 0;
    Ipv4 address = 0;
  };
  struct Link {
    End first;
    End second;
  };
  std::vector<std::string> nodes;
  std::vector<Link> links;
};

/// Writes hosts(5) for each node. Pure: prepares once what all nodes' files have in common.
class HostsWriter {
 public:
  explicit HostsWriter(const HostsPlan& plan);

  /// localhost by IPv4 and IPv6, the node's own name, then all others, in the order they were added, with all addresses
  /// they have: those on a link shared with this node first, since the first line is what simple programs take. A node
  /// without any address knows itself by 127.0.0.1, and the others do not know it.
  std::string text_for(std::size_t node) const;

 private:
  struct Neighbour {
    std::size_t node;
    Ipv4 address;
  };
  struct Node {
    std::string name;
    std::string lines;  // all its addresses, ready to be copied
    std::vector<Ipv4> addresses;
    std::vector<Neighbour> neighbours;  // by node, then in the order of the links
  };
  std::vector<Node> nodes_;
};

}  // namespace dummynet::net

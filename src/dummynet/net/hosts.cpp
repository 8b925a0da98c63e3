#include "dummynet/net/hosts.hpp"

#include <algorithm>

namespace dummynet::net {

namespace {

std::string line(Ipv4 address, const std::string& name) { return to_text(address) + '\t' + name + '\n'; }

}  // namespace

HostsWriter::HostsWriter(const HostsPlan& plan) {
  for (const std::string& name : plan.nodes) nodes_.push_back({name, {}, {}, {}});
  const auto note = [&](const HostsPlan::End& here, const HostsPlan::End& there) {
    Node& node = nodes_.at(here.node);
    node.addresses.push_back(here.address);
    node.lines += line(here.address, node.name);
    node.neighbours.push_back({there.node, there.address});
  };
  for (const HostsPlan::Link& link : plan.links) {
    note(link.first, link.second);
    note(link.second, link.first);
  }
  const auto by_node = [](const Neighbour& one, const Neighbour& other) { return one.node < other.node; };
  for (Node& node : nodes_) std::stable_sort(node.neighbours.begin(), node.neighbours.end(), by_node);
}

std::string HostsWriter::text_for(std::size_t node) const {
  const Node& self = nodes_.at(node);
  std::string text = "127.0.0.1\tlocalhost\n::1\tlocalhost\n";
  text += self.addresses.empty() ? "127.0.0.1\t" + self.name + '\n' : self.lines;
  auto neighbour = self.neighbours.begin();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (i == node) continue;
    const Node& other = nodes_[i];
    const auto first_shared = neighbour;
    for (; neighbour != self.neighbours.end() && neighbour->node == i; ++neighbour) {
      text += line(neighbour->address, other.name);
    }
    if (first_shared == neighbour) {
      text += other.lines;
      continue;
    }
    for (const Ipv4 address : other.addresses) {
      const bool is_shared = std::any_of(first_shared, neighbour, [&](const auto& n) { return n.address == address; });
      if (!is_shared) text += line(address, other.name);
    }
  }
  return text;
}

}  // namespace dummynet::net

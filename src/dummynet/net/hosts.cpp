#include "dummynet/net/hosts.hpp"

#include <algorithm>
#include <iterator>
#include <map>

namespace dummynet::net {

namespace {

struct Owned {
  InterfaceAddress address;
  std::size_t interface;
};

/// By node: addresses in the order of its interfaces, then those of its loopback.
std::vector<std::vector<Owned>> collect(const NetworkPlan& plan) {
  std::vector<std::vector<Owned>> all(plan.nodes.size());
  for (std::size_t i = 0; i < plan.interfaces.size(); ++i) {
    for (const InterfaceAddress& address : plan.interfaces[i].addresses) {
      all[plan.interfaces[i].node].push_back({address, i});
    }
  }
  for (std::size_t node = 0; node < plan.nodes.size(); ++node) {
    for (const InterfaceAddress& address : plan.nodes[node].loopback_addresses) {
      all[node].push_back({address, plan.interfaces.size()});
    }
  }
  return all;
}

std::size_t count(const std::vector<std::vector<Owned>>& owned) {
  std::size_t lines = 0;
  for (const std::vector<Owned>& of_node : owned) lines += of_node.size();
  return lines;
}

void put_outside_first(const NetworkPlan& plan, std::vector<std::vector<Owned>>& owned) {
  for (const PlannedNat& nat : plan.nats) {
    // Not the one of std::ranges: clang 14 cannot read what it returns.
    auto& its = owned[nat.node];
    std::stable_partition(its.begin(), its.end(), [&](const Owned& one) { return one.interface == nat.outside; });
  }
}

constexpr std::string_view kLocalhost = "127.0.0.1\tlocalhost\n::1\tlocalhost\n";

}  // namespace

HostsWriter::HostsWriter(const NetworkPlan& plan) : nodes_(plan.nodes.size()) {
  auto owned = collect(plan);
  const bool is_large = nodes_.size() * count(owned) > kMostOwnLines;
  if (is_large) put_outside_first(plan, owned);
  std::map<Subnet, std::vector<std::size_t>> movable;  // lines of nodes that have addresses on several interfaces
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    nodes_[node].name = plan.nodes[node].name;
    nodes_[node].first_line = line_starts_.size();
    for (const Owned& one : owned[node]) {
      if (one.interface != owned[node].front().interface || one.interface != owned[node].back().interface) {
        movable[one.address.subnet()].push_back(line_starts_.size());
      }
      line_starts_.push_back(text_.size());
      node_of_line_.push_back(node);
      text_ += one.address.address.text() + '\t' + nodes_[node].name + '\n';
    }
    nodes_[node].end_line = line_starts_.size();
  }
  line_starts_.push_back(text_.size());
  if (is_large) {
    common_ = std::make_shared<const std::string>(std::string{kLocalhost} + text_);
    return;
  }
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    auto& shared = nodes_[node].shared;
    for (const Owned& one : owned[node]) {
      const auto found = movable.find(one.address.subnet());
      if (found == movable.end()) continue;
      std::ranges::copy_if(found->second, std::back_inserter(shared),
                           [&](std::size_t line) { return node_of_line_[line] != node; });
    }
    std::ranges::sort(shared);
    shared.erase(std::unique(shared.begin(), shared.end()), shared.end());
  }
}

std::string_view HostsWriter::lines(std::size_t first, std::size_t end) const {
  return std::string_view{text_}.substr(line_starts_[first], line_starts_[end] - line_starts_[first]);
}

std::shared_ptr<const std::string> HostsWriter::shared_text_for(std::size_t node) const {
  const Node& self = nodes_.at(node);
  return self.first_line == self.end_line ? nullptr : common_;
}

std::string HostsWriter::text_for(std::size_t node) const {
  if (const auto shared = shared_text_for(node)) return *shared;
  const Node& self = nodes_.at(node);
  std::string text{kLocalhost};
  if (self.first_line == self.end_line) text += "127.0.0.1\t" + self.name + '\n';
  text += lines(self.first_line, self.end_line);
  std::size_t next = 0;  // the first line that is not dealt with
  const auto copy_until = [&](std::size_t line) {
    if (next <= self.first_line && self.first_line < line) {  // its own lines have been written
      text += lines(next, self.first_line);
      next = self.end_line;
    }
    if (next < line) text += lines(next, line);
    next = std::max(next, line);
  };
  for (auto moved = self.shared.begin(); moved != self.shared.end();) {
    const std::size_t other = node_of_line_[*moved];
    copy_until(nodes_[other].first_line);
    const auto end =
        std::find_if(moved, self.shared.end(), [&](std::size_t line) { return node_of_line_[line] != other; });
    for (auto line = moved; line != end; ++line) text += lines(*line, *line + 1);
    for (; moved != end; ++moved) {
      copy_until(*moved);
      next = *moved + 1;
    }
    copy_until(nodes_[other].end_line);
  }
  copy_until(line_starts_.size() - 1);
  return text;
}

}  // namespace dummynet::net

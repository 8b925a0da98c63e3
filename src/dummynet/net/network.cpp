#include "dummynet/net/network.hpp"

#include <sys/socket.h>

#include <linux/netlink.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <thread>
#include <unordered_map>

#include "dummynet/core/warden.hpp"
#include "dummynet/net/address.hpp"
#include "dummynet/net/hosts.hpp"
#include "dummynet/net/link.hpp"
#include "dummynet/net/name.hpp"
#include "dummynet/os/check.hpp"

namespace dummynet::net {

namespace {

constexpr std::uint32_t kFirstIndex = 100;
// Carrier is announced by a kernel thread, in microseconds on an idle machine.
constexpr std::chrono::seconds kCarrierDeadline{30};
constexpr std::chrono::microseconds kLongestPause{5'000};

struct Node {
  std::string name;
  std::set<std::string> interfaces;
  unsigned next_eth = 0;
  int id = -1;
  std::vector<std::uint32_t> indices;
};

struct PlannedEnd {
  std::size_t node;
  LinkEnd end;
  Ipv4 address;
};

struct PlannedLink {
  PlannedEnd first;
  PlannedEnd second;
  int prefix_length;
};

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument{what}; }

}  // namespace

class Network::State {
 public:
  explicit State(ProcessMonitor& monitor) : monitor_{monitor} {}

  void add_node(const std::string& name);
  void add_link(const Network::LinkEnd& first, const Network::LinkEnd& second);
  void up();
  Place place(const std::string& node) const;
  const std::vector<Interface>& interfaces() const noexcept { return interfaces_; }

 private:
  struct Door {
    os::Fd netns;
    NetlinkSocket socket;
  };
  std::size_t find(const std::string& node) const;
  std::string choose_interface(const Node& node, const std::string& wanted) const;
  PlannedEnd plan_end(std::size_t node, const std::string& interface, Ipv4 address, int prefix_length);
  void must_not_be_up(const char* what) const;
  void open_nodes(std::vector<Door>& doors);
  void make_links(std::vector<Door>& doors);
  void await_carrier(std::vector<Door>& doors) const;
  void write_hosts();

  ProcessMonitor& monitor_;
  std::vector<Node> nodes_;
  std::unordered_map<std::string, std::size_t> by_name_;  // in lower case
  std::vector<PlannedLink> links_;
  std::vector<Interface> interfaces_;
  AddressPlan addresses_;
  std::uint32_t next_index_ = kFirstIndex;
  enum class Phase { planned, going_up, up } phase_ = Phase::planned;
};

void Network::State::must_not_be_up(const char* what) const {
  if (phase_ != Phase::planned) throw std::logic_error{std::string{what} + " after Network::up()"};
}

void Network::State::add_node(const std::string& name) {
  must_not_be_up("Network::add_node()");
  if (const auto fault = find_fault_in_node_name(name)) refuse(*fault);
  if (!by_name_.emplace(to_lower(name), nodes_.size()).second) refuse("node name " + in_quotes(name) + " is taken");
  nodes_.push_back({.name = name, .interfaces = {}, .indices = {}});
}

std::size_t Network::State::find(const std::string& node) const {
  const auto found = by_name_.find(to_lower(node));
  if (found == by_name_.end() || nodes_[found->second].name != node) refuse("there is no node " + in_quotes(node));
  return found->second;
}

std::string Network::State::choose_interface(const Node& node, const std::string& wanted) const {
  if (!wanted.empty()) {
    if (const auto fault = find_fault_in_interface_name(wanted)) refuse(*fault + " (node " + node.name + ')');
    if (node.interfaces.contains(wanted)) refuse("node " + node.name + " has an interface " + in_quotes(wanted));
    return wanted;
  }
  for (unsigned number = node.next_eth;; ++number) {
    std::string name = "eth" + std::to_string(number);
    if (!node.interfaces.contains(name)) return name;
  }
}

PlannedEnd Network::State::plan_end(std::size_t node, const std::string& interface, Ipv4 address, int prefix_length) {
  Node& owner = nodes_[node];
  owner.interfaces.insert(interface);
  while (owner.interfaces.contains("eth" + std::to_string(owner.next_eth))) ++owner.next_eth;
  const std::uint32_t index = next_index_++;
  owner.indices.push_back(index);
  interfaces_.push_back({owner.name, interface, to_text(address), prefix_length});
  return {node, {owner.name, interface, index}, address};
}

void Network::State::add_link(const Network::LinkEnd& first, const Network::LinkEnd& second) {
  must_not_be_up("Network::add_link()");
  const std::size_t here = find(first.node);
  const std::size_t there = find(second.node);
  if (here == there) refuse("a link joins two nodes, not " + in_quotes(first.node) + " with itself");
  // All that can be refused comes before anything is noted down.
  const std::string here_name = choose_interface(nodes_[here], first.interface);
  const std::string there_name = choose_interface(nodes_[there], second.interface);
  const LinkAddresses addresses = addresses_.next();
  PlannedEnd one = plan_end(here, here_name, addresses.first, addresses.prefix_length);
  PlannedEnd other = plan_end(there, there_name, addresses.second, addresses.prefix_length);
  links_.push_back({std::move(one), std::move(other), addresses.prefix_length});
}

void Network::State::open_nodes(std::vector<Door>& doors) {
  Warden& warden = monitor_.warden();
  doors.reserve(nodes_.size());
  for (Node& node : nodes_) {
    Warden::Node made = warden.make_node();
    node.id = made.id;
    os::Fd socket = warden.open_socket(made.id, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    doors.push_back({std::move(made.netns), NetlinkSocket{std::move(socket)}});
  }
}

void Network::State::make_links(std::vector<Door>& doors) {
  std::vector<std::vector<NetlinkRequest>> first_round(nodes_.size());
  std::vector<std::vector<NetlinkRequest>> second_round(nodes_.size());  // what needs the pairs of the first
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    first_round[node].push_back(set_up(kLoopbackIndex, "loopback of " + nodes_[node].name));
  }
  for (const PlannedLink& link : links_) {
    const auto& [first, second, prefix_length] = link;
    auto& here = first_round[first.node];
    here.push_back(make_veth(first.end, second.end, doors[second.node].netns.get()));
    here.push_back(add_address(first.end.index, first.address, prefix_length, first.end.text()));
    auto& there = second_round[second.node];
    there.push_back(set_up(second.end.index, "interface " + second.end.text()));
    there.push_back(add_address(second.end.index, second.address, prefix_length, second.end.text()));
  }
  for (std::size_t node = 0; node < nodes_.size(); ++node) doors[node].socket.run(first_round[node]);
  for (std::size_t node = 0; node < nodes_.size(); ++node) doors[node].socket.run(second_round[node]);
}

void Network::State::await_carrier(std::vector<Door>& doors) const {
  // An interface that came up before its peer drops packets until the kernel has noticed the carrier: a lost ARP
  // request would cost the first connection a second.
  const auto deadline = Clock::now() + kCarrierDeadline;
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    std::set<std::uint32_t> waiting{nodes_[node].indices.begin(), nodes_[node].indices.end()};
    for (auto pause = std::chrono::microseconds{50}; !waiting.empty(); pause = std::min(pause * 2, kLongestPause)) {
      for (const LinkState& link : list_links(doors[node].socket, nodes_[node].name)) {
        if (link.carries_packets) waiting.erase(link.index);
      }
      if (waiting.empty()) break;
      if (Clock::now() > deadline) {
        os::throw_errno(ETIMEDOUT, "waiting for the carrier of the links of " + nodes_[node].name);
      }
      std::this_thread::sleep_for(pause);
    }
  }
}

void Network::State::write_hosts() {
  HostsPlan plan;
  for (const Node& node : nodes_) plan.nodes.push_back(node.name);
  for (const auto& [first, second, prefix_length] : links_) {
    plan.links.push_back({{first.node, first.address}, {second.node, second.address}});
  }
  const HostsWriter writer{plan};
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    monitor_.warden().set_node_file(nodes_[node].id, "/etc/hosts", writer.text_for(node));
  }
}

void Network::State::up() {
  must_not_be_up("Network::up()");
  phase_ = Phase::going_up;
  std::vector<Door> doors;  // closed at the end: two descriptors per node are only needed here
  open_nodes(doors);
  make_links(doors);
  write_hosts();
  await_carrier(doors);
  phase_ = Phase::up;
}

Place Network::State::place(const std::string& node) const {
  if (phase_ != Phase::up) throw std::logic_error{"Network::place() before Network::up()"};
  return Place{nodes_[find(node)].id};
}

Network::Network(ProcessMonitor& monitor) : state_{std::make_unique<State>(monitor)} {}
Network::~Network() = default;

void Network::add_node(const std::string& name) { state_->add_node(name); }
void Network::add_link(const LinkEnd& first, const LinkEnd& second) { state_->add_link(first, second); }
void Network::up() { state_->up(); }
Place Network::place(const std::string& node) const { return state_->place(node); }
const std::vector<Interface>& Network::interfaces() const noexcept { return state_->interfaces(); }

}  // namespace dummynet::net

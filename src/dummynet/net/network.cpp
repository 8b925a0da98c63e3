#include "dummynet/net/network.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <unordered_map>

#include "dummynet/core/warden.hpp"
#include "dummynet/net/fabric.hpp"
#include "dummynet/net/link_switch.hpp"
#include "dummynet/net/name.hpp"
#include "dummynet/net/network_builder.hpp"
#include "dummynet/os/file_limit.hpp"

namespace dummynet::net {

namespace {

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument{what}; }

NetworkPlan plan_or_throw(const Topology& topology) {
  PlannedNetwork planned = plan_network(topology);
  std::string faults;
  for (const TopologyComplaint& complaint : planned.complaints) {
    if (complaint.is_warning) continue;
    if (!faults.empty()) faults += '\n';
    faults += complaint.message;
  }
  if (!faults.empty()) refuse(faults);
  return std::move(planned.plan);
}

}  // namespace

class Network::State {
 public:
  explicit State(ProcessMonitor& monitor) : monitor_{monitor} {}
  State(ProcessMonitor& monitor, NetworkPlan plan) : monitor_{monitor}, plan_{std::move(plan)}, is_planned_{true} {}

  void add_node(NodeSpec node);
  void add_link(const LinkEnd& first, const LinkEnd& second);
  void up();
  Place place(const std::string& node) const;
  const std::vector<Interface>& interfaces() const noexcept { return interfaces_; }
  const NetworkPlan& plan() const noexcept { return plan_; }
  std::string address(const std::string& node, IpFamily family) const;
  void set_link_state(const LinkEnd& end, bool up);
  Fabric& fabric(const char* what) const;

 private:
  enum class Phase { being_told, going_up, up };
  struct Named {
    std::size_t position = 0;
    std::string name;                  // as it was given
    std::set<std::string> interfaces;  // given names
  };
  void must_not_be_up(const char* what) const;
  Named& find(const std::string& node);
  std::size_t find_planned(const std::string& node) const;
  std::size_t find_interface(const LinkEnd& end) const;

  ProcessMonitor& monitor_;
  Topology topology_;
  std::unordered_map<std::string, Named> named_;  // in lower case
  NetworkPlan plan_;
  bool is_planned_ = false;
  Phase phase_ = Phase::being_told;
  std::unordered_map<std::string, std::size_t> positions_;
  std::vector<Interface> interfaces_;
  std::vector<int> ids_;
  int fabric_id_ = -1;
  std::unique_ptr<Fabric> fabric_;
  std::unique_ptr<LinkSwitch> switch_;
};

void Network::State::must_not_be_up(const char* what) const {
  if (phase_ == Phase::up) throw std::logic_error{std::string{what} + " after Network::up()"};
  if (phase_ == Phase::going_up) throw std::logic_error{std::string{what} + " after Network::up() has failed"};
}

void Network::State::add_node(NodeSpec node) {
  must_not_be_up("Network::add_node()");
  if (is_planned_) throw std::logic_error{"Network::add_node() to a network that was planned as a whole"};
  if (const auto fault = find_fault_in_node_name(node.name)) refuse(*fault);
  const Named named{topology_.nodes.size(), node.name, {}};
  if (!named_.emplace(to_lower(node.name), named).second)
    refuse("there is a node " + in_quotes(node.name) + " already");
  topology_.nodes.push_back(std::move(node));
}

Network::State::Named& Network::State::find(const std::string& node) {
  const auto found = named_.find(to_lower(node));
  if (found == named_.end() || found->second.name != node) refuse("there is no node " + in_quotes(node));
  return found->second;
}

void Network::State::add_link(const LinkEnd& first, const LinkEnd& second) {
  must_not_be_up("Network::add_link()");
  Named& here = find(first.node);
  Named& there = find(second.node);
  if (&here == &there) refuse("a link joins two nodes, not " + in_quotes(first.node) + " with itself");
  const auto check = [](const Named& node, const std::string& interface) {
    if (interface.empty()) return;
    if (const auto fault = find_fault_in_interface_name(interface)) refuse(*fault + " (node " + node.name + ')');
    if (node.interfaces.contains(interface)) {
      refuse("node " + node.name + " has an interface " + in_quotes(interface) + " already");
    }
  };
  check(here, first.interface);
  check(there, second.interface);
  LinkSpec link;
  link.first.node = first.node;
  link.first.interface = first.interface;
  link.second.node = second.node;
  link.second.interface = second.interface;
  topology_.links.push_back(std::move(link));
  if (!first.interface.empty()) here.interfaces.insert(first.interface);
  if (!second.interface.empty()) there.interfaces.insert(second.interface);
}

void Network::State::up() {
  must_not_be_up("Network::up()");
  if (!is_planned_) plan_ = plan_or_throw(topology_);
  is_planned_ = true;
  phase_ = Phase::going_up;
  for (const PlannedNode& node : plan_.nodes) positions_.emplace(node.name, positions_.size());
  {
    const os::RaisedFileLimit room{2 * (plan_.nodes.size() + 1)};
    NetworkBuilder builder{monitor_.warden(), plan_};
    ids_ = builder.build();
    fabric_id_ = builder.fabric();
  }
  for (const PlannedInterface& interface : plan_.interfaces) {
    interfaces_.push_back({plan_.nodes[interface.node].name, interface.name, interface.addresses});
  }
  fabric_ = std::make_unique<Fabric>(monitor_.warden(), plan_, fabric_id_);
  switch_ = std::make_unique<LinkSwitch>(monitor_.warden(), plan_, ids_, *fabric_);
  phase_ = Phase::up;
}

std::size_t Network::State::find_planned(const std::string& node) const {
  const auto found = positions_.find(node);
  if (found == positions_.end()) refuse("there is no node " + in_quotes(node));
  return found->second;
}

Place Network::State::place(const std::string& node) const {
  if (phase_ != Phase::up) throw std::logic_error{"Network::place() before Network::up()"};
  return Place{ids_[find_planned(node)]};
}

std::string Network::State::address(const std::string& node, IpFamily family) const {
  if (phase_ != Phase::up) throw std::logic_error{"Network::address() before Network::up()"};
  const std::size_t position = find_planned(node);
  const auto look_in = [&](const std::vector<InterfaceAddress>& addresses) -> const InterfaceAddress* {
    const auto found = std::find_if(addresses.begin(), addresses.end(),
                                    [&](const auto& one) { return one.address.family() == family; });
    return found == addresses.end() ? nullptr : &*found;
  };
  for (const PlannedInterface& interface : plan_.interfaces) {
    if (interface.node != position) continue;
    if (const auto* found = look_in(interface.addresses)) return found->address.text();
  }
  if (const auto* found = look_in(plan_.nodes[position].loopback_addresses)) return found->address.text();
  refuse("node " + node + " has no such address");
}

std::size_t Network::State::find_interface(const LinkEnd& end) const {
  const std::size_t node = find_planned(end.node);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < plan_.interfaces.size(); ++i) {
    const PlannedInterface& interface = plan_.interfaces[i];
    if (interface.node != node) continue;
    if (end.interface.empty() ? interface.link.has_value() : interface.name == end.interface) found.push_back(i);
  }
  if (found.size() == 1) return found.front();
  if (!end.interface.empty()) refuse("node " + end.node + " has no interface " + in_quotes(end.interface));
  refuse("node " + end.node + " has " + std::to_string(found.size()) + " links: say which interface is meant");
}

void Network::State::set_link_state(const LinkEnd& end, bool up) {
  if (phase_ != Phase::up) throw std::logic_error{"Network::set_link_state() before Network::up()"};
  switch_->set_state(find_interface(end), up);
}

Fabric& Network::State::fabric(const char* what) const {
  if (phase_ != Phase::up) throw std::logic_error{std::string{what} + " before Network::up()"};
  return *fabric_;
}

Network::Network(ProcessMonitor& monitor) : state_{std::make_unique<State>(monitor)} {}
Network::Network(ProcessMonitor& monitor, const Topology& topology) : Network{monitor, plan_or_throw(topology)} {}
Network::Network(ProcessMonitor& monitor, NetworkPlan plan)
    : state_{std::make_unique<State>(monitor, std::move(plan))} {}
Network::~Network() = default;

void Network::add_node(const std::string& name) {
  NodeSpec node;
  node.name = name;
  state_->add_node(std::move(node));
}
void Network::add_node(NodeSpec node) { state_->add_node(std::move(node)); }
void Network::add_link(const LinkEnd& first, const LinkEnd& second) { state_->add_link(first, second); }
void Network::up() { state_->up(); }
Place Network::place(const std::string& node) const { return state_->place(node); }
const std::vector<Interface>& Network::interfaces() const noexcept { return state_->interfaces(); }
const NetworkPlan& Network::plan() const noexcept { return state_->plan(); }
std::string Network::address(const std::string& node, IpFamily family) const { return state_->address(node, family); }
void Network::set_link_state(const LinkEnd& end, bool up) { state_->set_link_state(end, up); }
std::array<os::Fd, 2> Network::open_cut(std::size_t link) {
  auto [first, second] = open_cut(link, CutRoom{});
  return {std::move(first.front()), std::move(second.front())};
}
std::array<std::vector<os::Fd>, 2> Network::open_cut(std::size_t link, const CutRoom& room) {
  return state_->fabric("Network::open_cut()").open_cut(link, room);
}
}  // namespace dummynet::net

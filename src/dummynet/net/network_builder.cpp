#include "dummynet/net/network_builder.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>

#include "dummynet/net/address_request.hpp"
#include "dummynet/net/link_state.hpp"
#include "dummynet/net/nat.hpp"
#include "dummynet/net/node_sysctls.hpp"
#include "dummynet/net/offloads.hpp"
#include "dummynet/net/route_request.hpp"

namespace dummynet::net {

namespace {

// Interfaces are made for so many new nodes together: fewer requests, and still something to do while others are made.
constexpr std::size_t kNodesTogether = 16;

}  // namespace

NetworkBuilder::NetworkBuilder(Warden& warden, const NetworkPlan& plan)
    : warden_{warden},
      plan_{plan},
      possible_with_(plan.nodes.size()),
      level_(plan.interfaces.size()),
      waits_for_all_(plan.interfaces.size()),
      sysctls_{plan},
      hosts_{plan} {
  for (std::size_t node = 0; node < plan.nodes.size(); ++node) is_silent_.push_back(sysctls_.silences_links(node));
  find_order();
}

std::string NetworkBuilder::text(std::size_t interface) const {
  const PlannedInterface& planned = plan_.interfaces[interface];
  return plan_.nodes[planned.node].name + ':' + planned.name;
}

void NetworkBuilder::find_order() {
  std::vector<std::size_t> needs(plan_.interfaces.size());  // the last of the nodes that it needs
  for (std::size_t i = 0; i < plan_.interfaces.size(); ++i) {
    const PlannedInterface& interface = plan_.interfaces[i];
    needs[i] = interface.node;
    if (interface.peer && !interface.cut) needs[i] = std::max(needs[i], plan_.interfaces[*interface.peer].node);
    for (const auto& below : {interface.parent, interface.bridge}) {
      if (below) needs[i] = std::max(needs[i], needs[*below]);
    }
    if (interface.parent) {
      level_[i] = level_[*interface.parent] + (interface.kind == InterfaceKind::macvlan ? 1 : 0);
    }
    waits_for_all_[i] =
        interface.kind == InterfaceKind::bridge || (interface.parent && waits_for_all_[*interface.parent]);
    possible_with_[needs[i]].push_back(i);
  }
}

std::vector<int> NetworkBuilder::build() {
  make_nodes();
  limit_super_frames();
  bring_up(last_);
  set_late_sysctls();
  make_routes();
  make_nat();
  await_carriers();
  return std::move(ids_);
}

/// The fabric before all others, since what is cut in them reaches into it.
void NetworkBuilder::make_nodes() {
  const std::size_t before = Fabric::is_needed(plan_) ? 1 : 0;
  const auto setup = [&](std::size_t i) { return i < before ? Fabric::setup() : setup_for(i - before); };
  const auto made = [&](std::size_t i, Warden::Node node) {
    if (i >= before) return take_node(std::move(node));
    fabric_ = node.id;
    fabric_door_.emplace(Door{std::move(node.netns), NetlinkSocket{std::move(node.rtnetlink)}});
  };
  warden_.make_nodes(before + plan_.nodes.size(), setup, made);
}

Warden::NodeSetup NetworkBuilder::setup_for(std::size_t node) const {
  Warden::NodeSetup setup;
  setup.name = plan_.nodes[node].name;
  const auto shared_hosts = hosts_.shared_text_for(node);
  setup.files.push_back({"/etc/hosts", shared_hosts ? std::string{} : hosts_.text_for(node), false, shared_hosts});
  // Name servers of the machine cannot be reached; waiting for them would only cost time.
  setup.files.push_back({"/etc/resolv.conf", {}, true});
  setup.sysctls = sysctls_.sysctls_for(node).at_first;
  return setup;
}

void NetworkBuilder::take_node(Warden::Node node) {
  ids_.push_back(node.id);
  doors_.push_back({std::move(node.netns), NetlinkSocket{std::move(node.rtnetlink)}});
  const std::size_t there = doors_.size();
  if (there % kNodesTogether == 0 || there == plan_.nodes.size()) make_interfaces(there);
}

NetlinkSocket& NetworkBuilder::socket_in(std::size_t node) {
  return node == in_fabric() ? fabric_door_->socket : doors_[node].socket;
}

void NetworkBuilder::send(std::size_t node, std::vector<NetlinkRequest>& requests) {
  socket_in(node).run(requests);
  requests.clear();
}

/// Of a veth pair: the end in whose node it is made. That one becomes a port of its bridge in the same request.
std::size_t NetworkBuilder::making_end(std::size_t end) const {
  const std::size_t peer = plan_.interfaces[end].peer.value();
  const auto [first, second] = std::minmax(end, peer);
  const bool second_makes = !plan_.interfaces[first].bridge && plan_.interfaces[second].bridge;
  return second_makes ? second : first;
}

/// A veth pair is made where it stands first in the plan, or, if its bridge comes after that, second. What is cut is
/// two pairs.
bool NetworkBuilder::is_made_here(std::size_t interface) const {
  const auto& peer = plan_.interfaces[interface].peer;
  if (!peer || plan_.interfaces[interface].cut) return true;
  const auto [first, second] = std::minmax(interface, *peer);
  const auto& bridge = plan_.interfaces[second].bridge;
  return interface == (bridge && *bridge > first ? second : first);
}

void NetworkBuilder::make_interfaces(std::size_t nodes) {
  std::vector<std::size_t> interfaces;
  std::vector<NetlinkRequest> requests;
  std::size_t sender = 0;  // of the requests
  const std::size_t before = std::exchange(ready_, nodes);
  for (std::size_t node = before; node < nodes; ++node) {
    for (const std::size_t i : possible_with_[node]) {
      (waits_for_all_[i] ? last_ : interfaces).push_back(i);
      if (!is_made_here(i)) continue;
      std::size_t by = 0;
      NetlinkRequest request = make(i, by);
      if (by != sender) send(sender, requests);
      sender = by;
      requests.push_back(std::move(request));
    }
  }
  send(sender, requests);
  Batches batches;
  put_loopbacks(before, nodes, batches);
  bring_up(interfaces, std::move(batches));
}

NewLink NetworkBuilder::new_link(std::size_t interface) const {
  const PlannedInterface& planned = plan_.interfaces[interface];
  NewLink link{plan_.nodes[planned.node].name, planned.name, planned.index, planned.mac, planned.mtu};
  if (planned.bridge) link.master = plan_.interfaces[*planned.bridge].index;
  // What stands on another interface cannot be up before that; and see waits_for_all_. What is up would speak.
  link.up = !planned.parent && planned.kind != InterfaceKind::bridge && !is_silent_[planned.node];
  return link;
}

/// The request that makes it, and in which node it is to be sent.
NetlinkRequest NetworkBuilder::make(std::size_t interface, std::size_t& sender) const {
  const PlannedInterface& planned = plan_.interfaces[interface];
  const NewLink link = new_link(interface);
  sender = planned.node;
  switch (planned.kind) {
    case InterfaceKind::veth: {
      if (planned.cut) {
        sender = in_fabric();
        return make_veth(Fabric::end_of(plan_, interface), link, doors_[planned.node].netns.get());
      }
      const std::size_t here = making_end(interface);
      const std::size_t there = plan_.interfaces[here].peer.value();
      sender = plan_.interfaces[here].node;
      return make_veth(new_link(here), new_link(there), doors_[plan_.interfaces[there].node].netns.get());
    }
    case InterfaceKind::bridge:
      return make_bridge(link);
    case InterfaceKind::vlan:
      return make_vlan(link, plan_.interfaces[planned.parent.value()].index, static_cast<std::uint16_t>(planned.id));
    case InterfaceKind::vxlan:
      return make_vxlan(link, planned.id, planned.local.value(), planned.remote.value());
    case InterfaceKind::macvlan:
      break;
  }
  const PlannedInterface& parent = plan_.interfaces[planned.parent.value()];
  sender = parent.node;
  return make_macvlan(link, parent.index, doors_[planned.node].netns.get());
}

/// Made as the other end of a pair, without all that the kernel does not do to such.
bool NetworkBuilder::was_peer(std::size_t interface) const {
  const PlannedInterface& planned = plan_.interfaces[interface];
  return planned.kind == InterfaceKind::veth && (planned.cut || making_end(interface) != interface);
}

/// What remains to be asked for once it is made.
void NetworkBuilder::put_bring_up(std::size_t interface, std::vector<NetlinkRequest>& requests) const {
  const PlannedInterface& planned = plan_.interfaces[interface];
  const std::string object = text(interface);
  if (was_peer(interface) && planned.bridge) {
    requests.push_back(set_master(planned.index, plan_.interfaces[*planned.bridge].index, "port " + object));
  }
  if (is_silent_[planned.node]) requests.push_back(without_link_local(planned.index, "interface " + object));
  if (was_peer(interface) || !new_link(interface).up) {
    requests.push_back(set_up(planned.index, "interface " + object));
  }
  for (const InterfaceAddress& address : planned.addresses) {
    requests.push_back(add_address(planned.index, address, object));
  }
}

void NetworkBuilder::put_loopbacks(std::size_t first_node, std::size_t end_node, Batches& batches) const {
  for (std::size_t node = first_node; node < end_node; ++node) {
    const std::string object = "loopback of " + plan_.nodes[node].name;
    std::vector<NetlinkRequest>& requests = batches[{0, node}];
    requests.push_back(set_up(kLoopbackIndex, object));
    for (const InterfaceAddress& address : plan_.nodes[node].loopback_addresses) {
      requests.push_back(add_address(kLoopbackIndex, address, object));
    }
  }
}

void NetworkBuilder::bring_up(const std::vector<std::size_t>& interfaces, Batches batches) {
  for (const std::size_t i : interfaces) put_bring_up(i, batches[{level_[i], plan_.interfaces[i].node}]);
  for (auto& [place, requests] : batches) send(place.second, requests);
}

/// Who carries the frames of a cut link can cut up some kinds of super-frames; the kernel must do it with the others.
void NetworkBuilder::limit_super_frames() {
  std::map<std::size_t, std::vector<std::size_t>> cut_ends;  // by node
  for (std::size_t i = 0; i < plan_.interfaces.size(); ++i) {
    if (plan_.interfaces[i].cut) cut_ends[plan_.interfaces[i].node].push_back(i);
  }
  std::optional<std::uint16_t> ethtool;
  for (const auto& [node, interfaces] : cut_ends) {
    NetlinkSocket socket{warden_.open_socket(ids_[node], AF_NETLINK, SOCK_RAW, NETLINK_GENERIC)};
    if (node == cut_ends.begin()->first) ethtool = find_ethtool(socket);
    std::vector<NetlinkRequest> requests;
    for (const std::size_t i : interfaces) {
      const PlannedInterface& planned = plan_.interfaces[i];
      const std::string object = "offloads of " + text(i);
      requests.push_back(ethtool ? keep_plain_super_frames(*ethtool, planned.index, object)
                                 : keep_no_super_frames(planned.index, planned.mtu, object));
    }
    (ethtool ? socket : doors_[node].socket).run(requests);
  }
}

void NetworkBuilder::set_late_sysctls() {
  for (std::size_t node = 0; node < plan_.nodes.size(); ++node) {
    if (plan_.nodes[node].sysctls.empty()) continue;
    const auto sysctls = sysctls_.sysctls_for(node).with_interfaces;
    if (!sysctls.empty()) warden_.set_sysctls(ids_[node], sysctls);
  }
}

void NetworkBuilder::make_routes() {
  std::vector<NetlinkRequest> requests;
  std::vector<std::size_t> order(plan_.routes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [this](std::size_t a, std::size_t b) { return plan_.routes[a].node < plan_.routes[b].node; });
  std::size_t node = 0;
  for (const std::size_t i : order) {
    const PlannedRoute& route = plan_.routes[i];
    if (route.node != node) send(node, requests);
    node = route.node;
    requests.push_back(
        add_route({route.destination, route.via, plan_.interfaces[route.interface].index}, plan_.nodes[node].name));
  }
  if (!requests.empty()) send(node, requests);
}

void NetworkBuilder::make_nat() {
  for (const PlannedNat& nat : plan_.nats) {
    NetlinkSocket socket{warden_.open_socket(ids_[nat.node], AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER)};
    std::vector<NetlinkRequest> requests =
        nat_requests(plan_.interfaces[nat.outside].index, nat.forwards, plan_.nodes[nat.node].name);
    socket.run_transaction(requests);
  }
}

/// Whichever end of a veth pair is brought up second finds its carrier there; the other is told of it later. Of what is
/// cut that is the fabric's end.
bool NetworkBuilder::may_come_up_late(std::size_t interface) const {
  const PlannedInterface& planned = plan_.interfaces[interface];
  if (planned.kind != InterfaceKind::veth) return true;
  if (planned.cut) return false;
  const std::size_t peer = planned.peer.value();
  const std::size_t maker = making_end(interface);
  if (new_link(maker).up) return interface == maker;
  return planned.node < plan_.interfaces[peer].node;  // the order in bring_up()
}

void NetworkBuilder::await_carriers() {
  // A bridge without ports never has one.
  std::vector<bool> has_ports(plan_.interfaces.size());
  std::vector<std::vector<std::uint32_t>> waiting(plan_.nodes.size() + 1);
  for (const PlannedInterface& interface : plan_.interfaces) {
    if (interface.bridge) has_ports[*interface.bridge] = true;
  }
  for (std::size_t i = 0; i < plan_.interfaces.size(); ++i) {
    const PlannedInterface& interface = plan_.interfaces[i];
    const bool is_empty_bridge = interface.kind == InterfaceKind::bridge && !has_ports[i];
    if (!is_empty_bridge && may_come_up_late(i)) waiting[interface.node].push_back(interface.index);
    if (interface.cut) waiting[in_fabric()].push_back(Fabric::end_of(plan_, i).index);
  }
  // An interface that came up before its peer drops packets until the kernel has noticed the carrier: a lost ARP
  // request would cost the first connection a second.
  for (std::size_t node = 0; node < waiting.size(); ++node) {
    const std::string name = node == in_fabric() ? Fabric::setup().name : plan_.nodes[node].name;
    if (!waiting[node].empty()) await_carrier(socket_in(node), waiting[node], name);
  }
}

}  // namespace dummynet::net

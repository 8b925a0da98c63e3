#include "dummynet/net/link_switch.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include "dummynet/net/address_request.hpp"
#include "dummynet/net/link_request.hpp"
#include "dummynet/net/link_state.hpp"
#include "dummynet/net/route_request.hpp"

namespace dummynet::net {

NetlinkSocket LinkSwitch::socket_in(std::size_t node) const {
  return NetlinkSocket{warden_.open_socket(ids_[node], AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)};
}

std::vector<std::size_t> LinkSwitch::with_those_above(std::size_t interface) const {
  std::vector<std::size_t> found{interface};
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (std::size_t j = 0; j < plan_.interfaces.size(); ++j) {
      const PlannedInterface& other = plan_.interfaces[j];
      if (other.parent == found[i] && other.node == plan_.interfaces[interface].node) found.push_back(j);
    }
  }
  return found;
}

void LinkSwitch::set_state(std::size_t interface, bool up) {
  if (up == !down_.contains(interface)) return;
  if (up) {
    bring_up(interface);
    down_.erase(interface);
  } else {
    set_down(interface);
    down_.insert(interface);
  }
}

void LinkSwitch::set_down(std::size_t interface) {
  const PlannedInterface& planned = plan_.interfaces[interface];
  NetlinkRequest request = net::set_down(planned.index, plan_.nodes[planned.node].name + ':' + planned.name);
  socket_in(planned.node).run({&request, 1});
}

/// The kernel drops the IPv6 addresses of an interface that goes down, and all routes over it.
void LinkSwitch::restore(std::size_t interface, std::vector<NetlinkRequest>& requests) const {
  const PlannedInterface& planned = plan_.interfaces[interface];
  const std::string& node = plan_.nodes[planned.node].name;
  for (const InterfaceAddress& address : planned.addresses) {
    requests.push_back(restore_address(planned.index, address, node + ':' + planned.name));
  }
  for (const PlannedRoute& route : plan_.routes) {
    if (route.interface != interface) continue;
    requests.push_back(replace_route({route.destination, route.via, planned.index}, node));
  }
}

void LinkSwitch::bring_up(std::size_t interface) {
  const PlannedInterface& planned = plan_.interfaces[interface];
  std::vector<NetlinkRequest> requests;
  const std::vector<std::size_t> all = with_those_above(interface);
  for (const std::size_t i : all) {
    if (i != interface && down_.contains(i)) continue;
    requests.push_back(
        set_up(plan_.interfaces[i].index, plan_.nodes[planned.node].name + ':' + plan_.interfaces[i].name));
    restore(i, requests);
  }
  socket_in(planned.node).run(requests);
  if (!planned.cut && planned.peer && down_.contains(*planned.peer)) return;  // still no carrier
  await(all);
  if (planned.cut) return fabric_.await(interface);  // the other end has not noticed anything
  if (planned.peer) await(with_those_above(*planned.peer));
}

void LinkSwitch::await(std::span<const std::size_t> interfaces) const {
  const std::size_t node = plan_.interfaces[interfaces.front()].node;
  std::vector<std::uint32_t> indices;
  for (const std::size_t i : interfaces) {
    if (i == interfaces.front() || !down_.contains(i)) indices.push_back(plan_.interfaces[i].index);
  }
  NetlinkSocket socket = socket_in(node);
  await_carrier(socket, indices, plan_.nodes[node].name);
}

}  // namespace dummynet::net

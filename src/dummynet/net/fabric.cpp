#include "dummynet/net/fabric.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "dummynet/net/link_state.hpp"
#include "dummynet/os/check.hpp"

namespace dummynet::net {

namespace {

constexpr std::uint32_t kLargestMtu = 65'535;
constexpr int kBufferBytes = 32 << 20;

void enable(const os::Fd& socket, int level, int option, const char* name) {
  const int on = 1;
  os::check(::setsockopt(socket.get(), level, option, &on, sizeof on), "setsockopt", name);
}

/// As root what is asked, else up to net.core.rmem_max and wmem_max.
void enlarge(const os::Fd& socket, int forced, int option, const char* name) {
  if (::setsockopt(socket.get(), SOL_SOCKET, forced, &kBufferBytes, sizeof kBufferBytes) == 0) return;
  os::check(::setsockopt(socket.get(), SOL_SOCKET, option, &kBufferBytes, sizeof kBufferBytes), "setsockopt", name);
}

}  // namespace

bool Fabric::is_needed(const NetworkPlan& plan) { return std::ranges::any_of(plan.interfaces, &PlannedInterface::cut); }

Warden::NodeSetup Fabric::setup() {
  Warden::NodeSetup setup;
  setup.name = "(the fabric of cut links)";
  if (::access("/proc/sys/net/ipv6", F_OK) == 0) setup.sysctls = {{"net.ipv6.conf.default.disable_ipv6", "1"}};
  return setup;
}

NewLink Fabric::end_of(const NetworkPlan& plan, std::size_t interface) {
  const PlannedInterface& planned = plan.interfaces[interface];
  NewLink end;
  end.node = "the fabric's end of " + plan.nodes[planned.node].name;
  end.index = planned.index + 1;
  end.name = "end" + std::to_string(planned.index);
  // Whatever the node's end sends: the node may change its MTU while it lives.
  end.mtu = kLargestMtu;
  end.speaks = false;
  return end;
}

std::array<std::size_t, 2> Fabric::ends_of(std::size_t link) const {
  for (std::size_t i = 0; i < plan_.interfaces.size(); ++i) {
    const PlannedInterface& interface = plan_.interfaces[i];
    if (interface.cut && interface.link == link) return {i, interface.peer.value()};  // the first endpoint comes first
  }
  throw std::invalid_argument{"link " + std::to_string(link) + " of the topology is none that is cut"};
}

os::Fd Fabric::open_end(std::size_t interface) const {
  // Without a protocol until it is bound: it would hear all of the fabric.
  os::Fd socket = warden_.open_socket(fabric_, AF_PACKET, SOCK_RAW, 0);
  os::check(::fcntl(socket.get(), F_SETFL, O_NONBLOCK), "fcntl", "O_NONBLOCK");
  enable(socket, SOL_PACKET, PACKET_VNET_HDR, "PACKET_VNET_HDR");
  enable(socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING");
  enable(socket, SOL_PACKET, PACKET_AUXDATA, "PACKET_AUXDATA");
  enable(socket, SOL_SOCKET, SO_TIMESTAMPNS, "SO_TIMESTAMPNS");
  enlarge(socket, SO_RCVBUFFORCE, SO_RCVBUF, "SO_RCVBUF");
  enlarge(socket, SO_SNDBUFFORCE, SO_SNDBUF, "SO_SNDBUF");
  const NewLink end = end_of(plan_, interface);
  sockaddr_ll name{};
  name.sll_family = AF_PACKET;
  name.sll_protocol = htons(ETH_P_ALL);
  name.sll_ifindex = static_cast<int>(end.index);
  os::check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), "bind to", end.text());
  return socket;
}

std::array<os::Fd, 2> Fabric::open_cut(std::size_t link) const {
  const auto [first, second] = ends_of(link);
  return {open_end(first), open_end(second)};
}

void Fabric::await(std::size_t interface) const {
  NetlinkSocket socket{warden_.open_socket(fabric_, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)};
  const std::uint32_t index = end_of(plan_, interface).index;
  await_carrier(socket, {&index, 1}, setup().name);
}

}  // namespace dummynet::net

#include "dummynet/net/fabric.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "dummynet/net/link_state.hpp"
#include "dummynet/os/check.hpp"

namespace dummynet::net {

namespace {

constexpr std::uint32_t kLargestMtu = 65'535;
constexpr int kSendBytes = 32 << 20;
// What the kernel counts for the largest frame; it goes on to the next socket of a group when less than that and a
// quarter are left in this one.
constexpr std::size_t kLargestCharge = 80U << 10U;

void enable(const os::Fd& socket, int level, int option, const char* name) {
  const int on = 1;
  os::check(::setsockopt(socket.get(), level, option, &on, sizeof on), "setsockopt", name);
}

/// As root what is asked, else up to net.core.rmem_max and wmem_max.
void enlarge(const os::Fd& socket, int bytes, int forced, int option, const char* name) {
  if (::setsockopt(socket.get(), SOL_SOCKET, forced, &bytes, sizeof bytes) == 0) return;
  os::check(::setsockopt(socket.get(), SOL_SOCKET, option, &bytes, sizeof bytes), "setsockopt", name);
}

/// How many sockets like this one it takes for so much room.
std::size_t count_sockets(const os::Fd& socket, const CutRoom& room) {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  os::check(::getsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &bytes, &size), "getsockopt", "SO_RCVBUF");
  const std::size_t used = static_cast<std::size_t>(bytes) / 4 * 3;
  if (used >= room.wanted_bytes || used < kLargestCharge) return 1;
  return std::clamp<std::size_t>((room.wanted_bytes + used - 1) / used, 1, std::max<std::size_t>(room.max_sockets, 1));
}

/// What it hears from now on, it forgets; or no longer.
void set_deaf(const os::Fd& socket, bool deaf) {
  sock_filter nothing{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog filter{1, &nothing};
  os::check(::setsockopt(socket.get(), SOL_SOCKET, deaf ? SO_ATTACH_FILTER : SO_DETACH_FILTER, &filter, sizeof filter),
            "setsockopt", "SO_ATTACH_FILTER");
}

/// Makes a group of which this is the first socket. Its number; nothing where the kernel has none.
std::optional<int> make_group(const os::Fd& socket) {
  int group = (PACKET_FANOUT_ROLLOVER | PACKET_FANOUT_FLAG_UNIQUEID) << 16;
  if (::setsockopt(socket.get(), SOL_PACKET, PACKET_FANOUT, &group, sizeof group) != 0) return std::nullopt;
  socklen_t size = sizeof group;
  os::check(::getsockopt(socket.get(), SOL_PACKET, PACKET_FANOUT, &group, &size), "getsockopt", "PACKET_FANOUT");
  return group & 0xffff;
}

void join_group(const os::Fd& socket, int number) {
  const int group = number | (PACKET_FANOUT_ROLLOVER << 16);
  os::check(::setsockopt(socket.get(), SOL_PACKET, PACKET_FANOUT, &group, sizeof group), "setsockopt", "PACKET_FANOUT");
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

os::Fd Fabric::open_socket(int bytes) const {
  // Without a protocol until it is bound: it would hear all of the fabric.
  os::Fd socket = warden_.open_socket(fabric_, AF_PACKET, SOCK_RAW, 0);
  os::check(::fcntl(socket.get(), F_SETFL, O_NONBLOCK), "fcntl", "O_NONBLOCK");
  enable(socket, SOL_PACKET, PACKET_VNET_HDR, "PACKET_VNET_HDR");
  enable(socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING");
  enable(socket, SOL_PACKET, PACKET_AUXDATA, "PACKET_AUXDATA");
  enable(socket, SOL_SOCKET, SO_TIMESTAMPNS, "SO_TIMESTAMPNS");
  enlarge(socket, bytes, SO_RCVBUFFORCE, SO_RCVBUF, "SO_RCVBUF");
  enlarge(socket, kSendBytes, SO_SNDBUFFORCE, SO_SNDBUF, "SO_SNDBUF");
  return socket;
}

void Fabric::bind(const os::Fd& socket, std::size_t interface) const {
  const NewLink end = end_of(plan_, interface);
  sockaddr_ll name{};
  name.sll_family = AF_PACKET;
  name.sll_protocol = htons(ETH_P_ALL);
  name.sll_ifindex = static_cast<int>(end.index);
  os::check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), "bind to", end.text());
}

// PACKET_IGNORE_OUTGOING does not concern a group; but what one of its sockets sends never comes to any of them.
std::vector<os::Fd> Fabric::open_end(std::size_t interface, const CutRoom& room) const {
  std::vector<os::Fd> sockets;
  sockets.push_back(open_socket(room.socket_bytes));
  bind(sockets.front(), interface);
  const std::size_t count = count_sockets(sockets.front(), room);
  const std::optional<int> group = count > 1 ? make_group(sockets.front()) : std::nullopt;
  while (group && sockets.size() < count) {
    sockets.push_back(open_socket(room.socket_bytes));
    // Only who is bound can join, and until it has joined it would hear everything by itself once more.
    set_deaf(sockets.back(), true);
    bind(sockets.back(), interface);
    join_group(sockets.back(), *group);
    set_deaf(sockets.back(), false);
  }
  return sockets;
}

std::array<std::vector<os::Fd>, 2> Fabric::open_cut(std::size_t link, const CutRoom& room) const {
  const auto [first, second] = ends_of(link);
  return {open_end(first, room), open_end(second, room)};
}

void Fabric::await(std::size_t interface) const {
  NetlinkSocket socket{warden_.open_socket(fabric_, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)};
  const std::uint32_t index = end_of(plan_, interface).index;
  await_carrier(socket, {&index, 1}, setup().name);
}

}  // namespace dummynet::net

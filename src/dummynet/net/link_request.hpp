#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dummynet/net/ip.hpp"
#include "dummynet/net/netlink.hpp"

/// What is asked of the kernel about interfaces: rtnetlink(7), ip-link(8). A request goes to the socket of the network
/// namespace whose interfaces it names.
namespace dummynet::net {

/// The interface index of the loopback in every network namespace.
constexpr std::uint32_t kLoopbackIndex = 1;

/// An interface to be made.
struct NewLink {
  std::string node{};  ///< for messages
  std::string name{};
  /// Chosen by us: see PlannedInterface::index.
  std::uint32_t index = 0;
  std::optional<MacAddress> mac{};
  std::optional<std::uint32_t> mtu{};  ///< bytes
  std::uint32_t master = 0;            ///< the bridge that it is a port of; 0: none
  bool up = true;                      ///< the peer of a veth pair: always down, see below
  bool speaks = true;                  ///< false: no ARP, and in no multicast groups

  std::string text() const { return node + ':' + name; }
};

/// One request for both ends of a veth(4) pair: `here` in the socket's network namespace, `peer` in that of
/// `peer_netns` (a descriptor), down and without master, since the kernel does neither before the pair is tied.
NetlinkRequest make_veth(const NewLink& here, const NewLink& peer, int peer_netns);

NetlinkRequest make_bridge(const NewLink& link);

/// IEEE 802.1Q on top of the interface `parent`. `id`: 1 to 4094.
NetlinkRequest make_vlan(const NewLink& link, std::uint32_t parent, std::uint16_t id);

/// RFC 7348: Ethernet in UDP (port 4789) between two addresses. `vni`: 1 to 16777215.
NetlinkRequest make_vxlan(const NewLink& link, std::uint32_t vni, const IpAddress& local, const IpAddress& remote);

/// On top of `parent`, an interface of the socket's network namespace, but in that of `netns`; bridge mode: those on
/// the same parent reach each other.
NetlinkRequest make_macvlan(const NewLink& link, std::uint32_t parent, int netns);

// Changes of an interface that is there; `object` names it in errors.
/// None yet: attributes follow.
NetlinkRequest change_link(std::uint32_t index, const std::string& object);
NetlinkRequest set_up(std::uint32_t index, const std::string& object);
NetlinkRequest set_down(std::uint32_t index, const std::string& object);
/// It shall get no IPv6 address by itself; before it is up. Only where the kernel has IPv6.
NetlinkRequest without_link_local(std::uint32_t index, const std::string& object);
/// `master` 0: a port of no bridge any more.
NetlinkRequest set_master(std::uint32_t index, std::uint32_t master, const std::string& object);
/// Most kernels rename only what is down.
NetlinkRequest rename_link(std::uint32_t index, const std::string& name, const std::string& object);
/// To another network namespace (a descriptor), down and without addresses; its index there may be another.
NetlinkRequest move_link(std::uint32_t index, int netns, const std::string& object);
/// By its name, for who does not know the index yet. Also its peer.
NetlinkRequest delete_link_named(const std::string& name);
/// Also its peer.
NetlinkRequest delete_link(std::uint32_t index, const std::string& object);

}  // namespace dummynet::net

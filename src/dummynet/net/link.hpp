#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dummynet/net/address.hpp"
#include "dummynet/net/netlink.hpp"

namespace dummynet::net {

/// An interface to be made, or made: rtnetlink(7), veth(4).
struct LinkEnd {
  std::string node;
  std::string name;
  /// Chosen by us, so that later requests can name it without asking: well above what a new namespace starts with (lo,
  /// tunnels of loaded modules), and different at both ends, since the kernel takes a link to its own number for no
  /// link and then announces the carrier up to a second late.
  std::uint32_t index = 0;

  std::string text() const { return node + ':' + name; }
};

/// The interface index of the loopback in every network namespace.
constexpr std::uint32_t kLoopbackIndex = 1;

/// One request for both ends of a veth(4) pair: `here` in the socket's network namespace and up, `peer` in that of
/// `peer_netns` (a descriptor) and down, since the kernel refuses to bring it up before the pair is tied.
NetlinkRequest make_veth(const LinkEnd& here, const LinkEnd& peer, int peer_netns);

NetlinkRequest set_up(std::uint32_t index, const std::string& object);

NetlinkRequest add_address(std::uint32_t index, Ipv4 address, int prefix_length, const std::string& object);

/// What there is in the socket's network namespace.
struct LinkState {
  std::uint32_t index = 0;
  std::string name;
  bool is_up = false;            ///< administratively: IFF_UP
  bool carries_packets = false;  ///< operational state UP (loopback: UNKNOWN): RFC 2863
};
std::vector<LinkState> list_links(NetlinkSocket& socket, const std::string& node);

}  // namespace dummynet::net

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/net/ip.hpp"

namespace dummynet::net {

class NetlinkSocket;

/// An interface as the kernel tells of it: rtnetlink(7), ip-link(8).
struct LinkInfo {
  std::string name{};         ///< as DummyNet's user calls it; that of somebody else's interface as the kernel calls it
  std::string kernel_name{};  ///< for commands that are run: "d-1HXb-eth0"
  std::uint32_t index = 0;    ///< in its network namespace
  std::string kind{};         ///< "veth", "bridge", "vlan" …; empty: hardware, or the loopback
  bool is_up = false;         ///< administratively: IFF_UP
  bool has_carrier = false;
  /// The kernel has noticed the carrier: before, it silently drops what is sent.
  bool is_active = false;
  std::optional<MacAddress> mac{};  ///< Ethernet only
  std::uint32_t mtu_bytes = 0;
  std::uint32_t master = 0;  ///< index of the bridge that it is a port of; 0: none
  bool operator==(const LinkInfo&) const = default;
};

/// All of the socket's network namespace, both names the kernel's. `object` is for errors.
std::vector<LinkInfo> list_link_infos(NetlinkSocket& socket, const std::string& object);

}  // namespace dummynet::net

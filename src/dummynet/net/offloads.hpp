#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dummynet/net/netlink.hpp"

namespace dummynet::net {

/// The kernel's number for ethtool's requests, found by a NETLINK_GENERIC socket. Nothing: the kernel was built
/// without CONFIG_ETHTOOL_NETLINK.
std::optional<std::uint16_t> find_ethtool(NetlinkSocket& socket);

/// Lets an interface send frames of many segments (GSO) only of the kinds that a packet socket's reader is told how to
/// cut up: TCP, and UDP from Linux 6.2 on. Of all others (tunnels, SCTP) it would be told wrongly, or they would be
/// lost; the kernel cuts these up before they leave, also those that the node only hands on. For a NETLINK_GENERIC
/// socket in the interface's node. https://docs.kernel.org/networking/ethtool-netlink.html
NetlinkRequest keep_plain_super_frames(std::uint16_t ethtool, std::uint32_t interface, std::string object);

/// The same where there is no ethtool: the kernel cuts up all of them. `mtu`: nothing for the usual 1500. For a socket
/// of rtnetlink.
NetlinkRequest keep_no_super_frames(std::uint32_t interface, std::optional<std::uint32_t> mtu,
                                    const std::string& object);

}  // namespace dummynet::net

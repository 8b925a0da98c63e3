#pragma once

#include <cstdint>
#include <string>

#include "dummynet/net/ip.hpp"
#include "dummynet/net/netlink.hpp"

/// Addresses of interfaces, of both families: rtnetlink(7), ip-address(8). `object` names the interface in errors.
namespace dummynet::net {

/// Refused when it is there already. An IPv6 address works at once: nobody else can have it, so none are asked.
NetlinkRequest add_address(std::uint32_t index, const InterfaceAddress& address, const std::string& object);

/// The same, and content when it is there already.
NetlinkRequest restore_address(std::uint32_t index, const InterfaceAddress& address, const std::string& object);

NetlinkRequest delete_address(std::uint32_t index, const InterfaceAddress& address, const std::string& object);

}  // namespace dummynet::net

#pragma once

#include <sys/socket.h>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dummynet/net/ip.hpp"

namespace dummynet::net {

/// As netlink and nftables want it: 4 or 16 bytes.
inline std::span<const std::uint8_t> network_order(const IpAddress& address) {
  return std::span{address.bytes()}.first(static_cast<std::size_t>(address.bits() / 8));
}

/// AF_INET or AF_INET6.
inline std::uint8_t family_number(const IpAddress& address) {
  return address.family() == IpFamily::v4 ? AF_INET : AF_INET6;
}

}  // namespace dummynet::net

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dummynet/wire/pipeline.hpp"

namespace dummynet::wire {

/// Where things lie in an Ethernet frame, behind any number of VLAN tags. Reads nothing that is not there: for a frame
/// that is cut off, `network` or `transport` stay 0.
struct FrameLayout {
  enum class Network : std::uint8_t { other, ipv4, ipv6 };
  Network kind = Network::other;
  std::uint16_t ether_type = 0;  ///< below 0x600: a length, IEEE 802.3
  std::size_t network = 0;       ///< the IP header, which is there whole with all its options; 0: none
  std::uint8_t protocol = 0;     ///< behind IPv6's extension headers
  std::size_t transport = 0;     ///< what follows; 0: none here (cut off, or not the first fragment)
};
FrameLayout parse_frame(std::span<const std::byte> frame) noexcept;

/// ARP, neighbour and router discovery, MLD, IGMP, and what bridges tell each other are control.
PacketClass classify(std::span<const std::byte> frame, const FrameLayout& layout) noexcept;

Ecn read_ecn(std::span<const std::byte> frame, const FrameLayout& layout) noexcept;
/// Sets CE, RFC 3168, and mends IPv4's checksum. Only for what read_ecn() calls capable.
void mark_congestion(std::span<std::byte> frame, const FrameLayout& layout) noexcept;

}  // namespace dummynet::wire

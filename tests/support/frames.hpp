#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dummynet/wire/virtio_header.hpp"

/// Ethernet frames made by hand, and looked at without the code that they test.
namespace dummynet::test {

using Bytes = std::vector<std::byte>;

struct FrameSpec {
  bool ipv6 = false;
  bool tcp = false;
  std::size_t payload = 100;  ///< bytes, counting up
  int tags = 0;               ///< VLAN tags before the IP header
  unsigned ecn = 0;           ///< RFC 3168's two bits
  std::uint8_t tcp_flags = 0x10;
  std::size_t ip_options = 0;  ///< IPv4: bytes, a multiple of 4
};
/// With all checksums as they should be.
Bytes make_frame(const FrameSpec& spec);
/// A request for 10.0.0.2.
Bytes make_arp(int tags = 0);
/// A message of this type, behind a hop-by-hop header as MLD's, or without.
Bytes make_icmpv6(unsigned type, bool hop_by_hop);

/// The transport's checksum as a sender leaves it to the hardware: the pseudo header's sum. Returns the header that
/// says so.
wire::VirtioHeader make_partial(Bytes& frame, const FrameSpec& spec);
/// A super-frame of this spec: many segments of `size` payload bytes.
wire::VirtioHeader make_super(Bytes& frame, const FrameSpec& spec, std::uint16_t size);

/// Header and frame in one, as a packet socket gives them.
Bytes join(const wire::VirtioHeader& header, const Bytes& frame);

/// Adds it all up again, byte by byte: are IPv4's and the transport's checksum right?
bool checksums_hold(const Bytes& frame, const FrameSpec& spec);
std::size_t headers_of(const FrameSpec& spec);

}  // namespace dummynet::test

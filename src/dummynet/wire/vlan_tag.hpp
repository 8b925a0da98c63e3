#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dummynet/wire/virtio_header.hpp"

namespace dummynet::wire {

inline constexpr std::size_t kVlanBytes = 4;

/// The kernel takes the outermost VLAN tag out of a frame and tells it beside, packet(7): puts it back. `at` is where
/// the virtio header lies, with at least 4 free bytes before and a whole Ethernet header behind it; header and
/// addresses move into them. Returns where the header lies now.
inline std::byte* insert_vlan_tag(std::byte* at, std::uint16_t protocol, std::uint16_t tag) noexcept {
  constexpr std::size_t kAddresses = 12;
  VirtioHeader header = load_virtio(at);
  if (header.needs_checksum()) header.checksum_start = static_cast<std::uint16_t>(header.checksum_start + kVlanBytes);
  if (header.header_bytes != 0) header.header_bytes = static_cast<std::uint16_t>(header.header_bytes + kVlanBytes);
  std::byte* const moved = at - kVlanBytes;
  std::memmove(moved, at, kVirtioBytes + kAddresses);
  store_virtio(moved, header);
  std::byte* const place = moved + kVirtioBytes + kAddresses;
  const auto put = [](std::byte* where, std::uint16_t value) {
    where[0] = static_cast<std::byte>(value >> 8U);
    where[1] = static_cast<std::byte>(value & 0xffU);
  };
  put(place, protocol);
  put(place + 2, tag);
  return moved;
}

}  // namespace dummynet::wire

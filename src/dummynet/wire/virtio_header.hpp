#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace dummynet::wire {

/// What PACKET_VNET_HDR puts before each frame, packet(7): virtio 1.2, 5.1.6, in the machine's byte order. Not the
/// kernel's own <linux/virtio_net.h>, which in Debian 12 names a member `class`.
struct VirtioHeader {
  static constexpr std::uint8_t kNeedsChecksum = 1;
  static constexpr std::uint8_t kGsoNone = 0;
  static constexpr std::uint8_t kGsoTcp4 = 1;
  static constexpr std::uint8_t kGsoTcp6 = 4;
  static constexpr std::uint8_t kGsoUdp = 5;     ///< since Linux 6.2
  static constexpr std::uint8_t kGsoEcn = 0x80;  ///< beside one of them: the first segment alone has CWR

  std::uint8_t flags = 0;
  std::uint8_t gso_type = 0;
  std::uint16_t header_bytes = 0;
  std::uint16_t gso_size = 0;         ///< payload of each segment
  std::uint16_t checksum_start = 0;   ///< from the frame's first byte
  std::uint16_t checksum_offset = 0;  ///< from there

  bool needs_checksum() const noexcept { return (flags & kNeedsChecksum) != 0; }
  bool is_super_frame() const noexcept { return (gso_type & ~kGsoEcn) != kGsoNone; }
};
inline constexpr std::size_t kVirtioBytes = 10;
static_assert(sizeof(VirtioHeader) == kVirtioBytes);

inline VirtioHeader load_virtio(const std::byte* at) noexcept {
  VirtioHeader header;
  std::memcpy(&header, at, kVirtioBytes);
  return header;
}
inline void store_virtio(std::byte* at, const VirtioHeader& header) noexcept { std::memcpy(at, &header, kVirtioBytes); }

}  // namespace dummynet::wire

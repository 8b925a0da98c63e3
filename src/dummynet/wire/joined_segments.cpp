#include "dummynet/wire/joined_segments.hpp"

#include <algorithm>

#include "dummynet/wire/byte_order.hpp"
#include "dummynet/wire/checksum.hpp"
#include "dummynet/wire/frame_layout.hpp"

namespace dummynet::wire {

namespace {

constexpr std::uint8_t kTcp = 6, kUdp = 17;
constexpr std::size_t kTcpHeader = 20, kUdpHeader = 8, kIpv6Header = 40;
constexpr std::size_t kTcpChecksum = 16, kUdpChecksum = 6;  // from the transport header
constexpr std::byte kFin{0x01}, kPush{0x08}, kReduced{0x80};

}  // namespace

std::size_t headers_of_segment(std::span<const std::byte> frame) noexcept {
  const FrameLayout layout = parse_frame(frame);
  const bool tcp = layout.protocol == kTcp;
  if (layout.transport == 0 || (!tcp && layout.protocol != kUdp)) return 0;
  if (layout.transport + (tcp ? kTcpHeader : kUdpHeader) > frame.size()) return 0;
  const std::size_t own = tcp ? std::size_t{4} * (load8(frame, layout.transport + 12) >> 4U) : kUdpHeader;
  const std::size_t headers = layout.transport + own;
  return headers < frame.size() && headers <= JoinedHeaders::kMost ? headers : 0;
}

JoinedHeaders join_headers(std::span<const std::byte> first, std::span<const std::byte> last, std::size_t headers,
                           std::size_t payload) noexcept {
  const FrameLayout layout = parse_frame(first);
  const bool tcp = layout.protocol == kTcp;
  const bool ipv4 = layout.kind == FrameLayout::Network::ipv4;
  JoinedHeaders joined;
  joined.length = kVirtioBytes + headers;
  const std::span<std::byte> frame = std::span{joined.bytes}.subspan(kVirtioBytes, headers);
  std::copy_n(first.begin(), headers, frame.begin());

  const auto bytes = static_cast<std::uint32_t>(headers - layout.transport + payload);
  const std::size_t packet = headers - layout.network + payload;
  store16(frame, layout.network + (ipv4 ? 2 : 4), static_cast<std::uint16_t>(ipv4 ? packet : packet - kIpv6Header));
  if (ipv4) renew_ipv4_checksum(frame, layout.network);
  const auto addresses = ipv4 ? frame.subspan(layout.network + 12, 8) : frame.subspan(layout.network + 8, 32);
  const std::size_t field = tcp ? kTcpChecksum : kUdpChecksum;
  store16(frame, layout.transport + field, pseudo_header_sum(addresses, tcp ? kTcp : kUdp, bytes));

  VirtioHeader header;
  header.flags = VirtioHeader::kNeedsChecksum;
  header.gso_type = VirtioHeader::kGsoUdp;
  if (tcp) {
    std::byte& flags = frame[layout.transport + 13];
    flags |= last[layout.transport + 13] & (kFin | kPush);
    header.gso_type = ipv4 ? VirtioHeader::kGsoTcp4 : VirtioHeader::kGsoTcp6;
    if ((flags & kReduced) != std::byte{0}) header.gso_type |= VirtioHeader::kGsoEcn;
  } else {
    store16(frame, layout.transport + 4, static_cast<std::uint16_t>(bytes));
  }
  header.header_bytes = static_cast<std::uint16_t>(headers);
  header.gso_size = static_cast<std::uint16_t>(first.size() - headers);
  header.checksum_start = static_cast<std::uint16_t>(layout.transport);
  header.checksum_offset = static_cast<std::uint16_t>(field);
  store_virtio(joined.bytes.data(), header);
  return joined;
}

}  // namespace dummynet::wire

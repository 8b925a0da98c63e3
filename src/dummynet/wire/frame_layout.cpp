#include "dummynet/wire/frame_layout.hpp"

#include "dummynet/wire/byte_order.hpp"
#include "dummynet/wire/checksum.hpp"

namespace dummynet::wire {

namespace {

constexpr std::size_t kAddresses = 12;  // destination and source
constexpr std::uint16_t kIpv4 = 0x0800, kArp = 0x0806, kVlan = 0x8100, kIpv6 = 0x86dd, kServiceVlan = 0x88a8,
                        kLldp = 0x88cc, kFirstType = 0x0600;
constexpr std::uint8_t kHopByHop = 0, kIgmp = 2, kRouting = 43, kFragment = 44, kAuthentication = 51, kIcmpv6 = 58,
                       kDestination = 60;
constexpr std::size_t kIpv6Header = 40;

void parse_ipv4(std::span<const std::byte> frame, FrameLayout& layout, std::size_t at) noexcept {
  if (at + 20 > frame.size() || (load8(frame, at) >> 4U) != 4) return;
  const std::size_t header = std::size_t{4} * (load8(frame, at) & 0xfU);
  if (header < 20 || at + header > frame.size()) return;
  layout.kind = FrameLayout::Network::ipv4;
  layout.network = at;
  layout.protocol = static_cast<std::uint8_t>(load8(frame, at + 9));
  const bool is_first = (load16(frame, at + 6) & 0x1fffU) == 0;
  if (is_first && at + header < frame.size()) layout.transport = at + header;
}

// RFC 8200, section 4. Every step goes forward, so that it ends.
void parse_ipv6(std::span<const std::byte> frame, FrameLayout& layout, std::size_t at) noexcept {
  if (at + kIpv6Header > frame.size() || (load8(frame, at) >> 4U) != 6) return;
  layout.kind = FrameLayout::Network::ipv6;
  layout.network = at;
  auto next = static_cast<std::uint8_t>(load8(frame, at + 6));
  std::size_t here = at + kIpv6Header;
  for (;;) {
    layout.protocol = next;
    if (here + 8 > frame.size()) {
      const bool is_extension =
          next == kHopByHop || next == kRouting || next == kDestination || next == kFragment || next == kAuthentication;
      if (!is_extension && here < frame.size()) layout.transport = here;
      return;
    }
    std::size_t bytes = 0;
    if (next == kHopByHop || next == kRouting || next == kDestination) {
      bytes = std::size_t{8} * (load8(frame, here + 1) + 1U);
    } else if (next == kAuthentication) {
      bytes = std::size_t{4} * (load8(frame, here + 1) + 2U);
    } else if (next == kFragment) {
      if ((load16(frame, here + 2) & 0xfff8U) != 0) return;
      bytes = 8;
    } else {
      layout.transport = here;
      return;
    }
    next = static_cast<std::uint8_t>(load8(frame, here));
    here += bytes;
  }
}

// Neighbour and router discovery, RFC 4861: 133 to 137; multicast listeners, RFC 2710 and 3810: 130 to 132 and 143.
constexpr bool is_control_icmpv6(unsigned type) noexcept { return (type >= 130 && type <= 137) || type == 143; }

}  // namespace

FrameLayout parse_frame(std::span<const std::byte> frame) noexcept {
  FrameLayout layout;
  std::size_t at = kAddresses;
  for (;; at += 4) {
    if (at + 2 > frame.size()) return layout;
    layout.ether_type = load16(frame, at);
    if (layout.ether_type != kVlan && layout.ether_type != kServiceVlan) break;
  }
  at += 2;
  if (layout.ether_type == kIpv4) parse_ipv4(frame, layout, at);
  if (layout.ether_type == kIpv6) parse_ipv6(frame, layout, at);
  return layout;
}

PacketClass classify(std::span<const std::byte> frame, const FrameLayout& layout) noexcept {
  if (layout.ether_type == kArp || layout.ether_type == kLldp || layout.ether_type < kFirstType) {
    return PacketClass::control;
  }
  if (layout.kind == FrameLayout::Network::ipv4 && layout.protocol == kIgmp) return PacketClass::control;
  const bool has_icmpv6 =
      layout.kind == FrameLayout::Network::ipv6 && layout.protocol == kIcmpv6 && layout.transport != 0;
  return has_icmpv6 && is_control_icmpv6(load8(frame, layout.transport)) ? PacketClass::control : PacketClass::data;
}

Ecn read_ecn(std::span<const std::byte> frame, const FrameLayout& layout) noexcept {
  unsigned bits = 0;
  if (layout.kind == FrameLayout::Network::ipv4) bits = load8(frame, layout.network + 1) & 3U;
  if (layout.kind == FrameLayout::Network::ipv6) bits = (load8(frame, layout.network + 1) >> 4U) & 3U;
  return bits == 0 ? Ecn::not_capable : bits == 3 ? Ecn::marked : Ecn::capable;
}

void mark_congestion(std::span<std::byte> frame, const FrameLayout& layout) noexcept {
  if (layout.kind == FrameLayout::Network::ipv4) {
    frame[layout.network + 1] |= std::byte{3};
    renew_ipv4_checksum(frame, layout.network);
  } else if (layout.kind == FrameLayout::Network::ipv6) {
    frame[layout.network + 1] |= std::byte{0x30};
  }
}

}  // namespace dummynet::wire

#include "dummynet/wire/super_frame.hpp"

#include <algorithm>
#include <cstring>

#include "dummynet/wire/byte_order.hpp"
#include "dummynet/wire/checksum.hpp"
#include "dummynet/wire/frame_layout.hpp"

namespace dummynet::wire {

namespace {

constexpr std::uint8_t kTcp = 6, kUdp = 17;
constexpr std::size_t kUdpHeader = 8;
constexpr std::size_t kTcpChecksum = 16, kUdpChecksum = 6;  // from the transport header
constexpr std::byte kFin{0x01}, kPush{0x08}, kReduced{0x80};

}  // namespace

std::optional<SuperFrame> SuperFrame::parse(const VirtioHeader& header, std::span<const std::byte> frame) noexcept {
  const auto type = static_cast<std::uint8_t>(header.gso_type & ~VirtioHeader::kGsoEcn);
  const bool tcp = type == VirtioHeader::kGsoTcp4 || type == VirtioHeader::kGsoTcp6;
  if ((!tcp && type != VirtioHeader::kGsoUdp) || header.gso_size == 0) return std::nullopt;
  const FrameLayout layout = parse_frame(frame);
  if (layout.transport == 0 || layout.protocol != (tcp ? kTcp : kUdp)) return std::nullopt;
  SuperFrame result;
  result.frame_ = frame;
  result.tcp_ = tcp;
  result.ipv4_ = layout.kind == FrameLayout::Network::ipv4;
  result.ecn_ = (header.gso_type & VirtioHeader::kGsoEcn) != 0;
  if (tcp && result.ipv4_ != (type == VirtioHeader::kGsoTcp4)) return std::nullopt;
  result.network_ = layout.network;
  result.transport_ = layout.transport;
  if (layout.transport + (tcp ? 20 : kUdpHeader) > frame.size()) return std::nullopt;
  const std::size_t transport_header = tcp ? std::size_t{4} * (load8(frame, layout.transport + 12) >> 4U) : kUdpHeader;
  result.headers_ = layout.transport + transport_header;
  if ((tcp && transport_header < 20) || result.headers_ >= frame.size()) return std::nullopt;
  result.size_ = header.gso_size;
  result.count_ = (frame.size() - result.headers_ + result.size_ - 1) / result.size_;
  // Lengths in the headers have 16 bits.
  if (result.headers_ + result.size_ - result.network_ > 0xffffU) return std::nullopt;
  return result;
}

std::size_t SuperFrame::payload_bytes(std::size_t index) const noexcept {
  return std::min(size_, frame_.size() - headers_ - index * size_);
}

void SuperFrame::write_ip(std::size_t index, std::span<std::byte> segment) const noexcept {
  if (ipv4_) {
    store16(segment, network_ + 2, static_cast<std::uint16_t>(segment.size() - network_));
    store16(segment, network_ + 4, static_cast<std::uint16_t>(load16(segment, network_ + 4) + index));
    renew_ipv4_checksum(segment, network_);
  } else {
    store16(segment, network_ + 4, static_cast<std::uint16_t>(segment.size() - network_ - 40));
  }
}

void SuperFrame::write_tcp(std::size_t index, std::span<std::byte> segment) const noexcept {
  const auto sent_before = static_cast<std::uint32_t>(index * size_);
  store32(segment, transport_ + 4, load32(segment, transport_ + 4) + sent_before);
  std::byte& flags = segment[transport_ + 13];
  if (index + 1 < count_) flags &= ~(kFin | kPush);
  if (index > 0 && ecn_) flags &= ~kReduced;
}

VirtioHeader SuperFrame::write(std::size_t index, std::span<std::byte> into) const noexcept {
  std::memcpy(into.data(), frame_.data(), headers_);
  std::memcpy(into.data() + headers_, frame_.data() + headers_ + index * size_, payload_bytes(index));
  write_ip(index, into);
  const auto bytes = static_cast<std::uint32_t>(into.size() - transport_);
  if (tcp_) {
    write_tcp(index, into);
  } else {
    store16(into, transport_ + 4, static_cast<std::uint16_t>(bytes));
  }
  const auto addresses = ipv4_ ? into.subspan(network_ + 12, 8) : into.subspan(network_ + 8, 32);
  const std::size_t field = tcp_ ? kTcpChecksum : kUdpChecksum;
  store16(into, transport_ + field, pseudo_header_sum(addresses, tcp_ ? kTcp : kUdp, bytes));
  VirtioHeader header;
  header.flags = VirtioHeader::kNeedsChecksum;
  header.checksum_start = static_cast<std::uint16_t>(transport_);
  header.checksum_offset = static_cast<std::uint16_t>(field);
  return header;
}

}  // namespace dummynet::wire

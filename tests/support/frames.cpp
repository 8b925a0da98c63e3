#include "support/frames.hpp"

#include <cstring>

namespace dummynet::test {

namespace {

constexpr std::size_t kEthernet = 14;

std::size_t network_of(const FrameSpec& spec) { return kEthernet + 4 * static_cast<std::size_t>(spec.tags); }
std::size_t transport_of(const FrameSpec& spec) { return network_of(spec) + (spec.ipv6 ? 40 : 20 + spec.ip_options); }
std::size_t checksum_of(const FrameSpec& spec) { return transport_of(spec) + (spec.tcp ? 16 : 6); }

void put16(Bytes& bytes, std::size_t at, std::size_t value) {
  bytes.at(at) = static_cast<std::byte>((value >> 8U) & 0xffU);
  bytes.at(at + 1) = static_cast<std::byte>(value & 0xffU);
}

std::size_t get16(const Bytes& bytes, std::size_t at) {
  return (std::to_integer<std::size_t>(bytes.at(at)) << 8U) | std::to_integer<std::size_t>(bytes.at(at + 1));
}

std::size_t add_up(const Bytes& bytes, std::size_t from, std::size_t to, std::size_t sum = 0) {
  for (std::size_t i = from; i < to; ++i) {
    const auto value = std::to_integer<std::size_t>(bytes.at(i));
    sum += (i - from) % 2 == 0 ? value << 8U : value;
  }
  while (sum > 0xffffU) sum = (sum & 0xffffU) + (sum >> 16U);
  return sum;
}

std::size_t pseudo_sum(const Bytes& frame, const FrameSpec& spec) {
  const std::size_t network = network_of(spec);
  const std::size_t length = frame.size() - transport_of(spec);
  const std::size_t start = (spec.tcp ? 6U : 17U) + (length & 0xffffU) + (length >> 16U);
  return spec.ipv6 ? add_up(frame, network + 8, network + 40, start) : add_up(frame, network + 12, network + 20, start);
}

Bytes ethernet(std::size_t ether_type, int tags) {
  Bytes frame(kEthernet + 4 * static_cast<std::size_t>(tags));
  for (std::size_t i = 0; i < 12; ++i) frame[i] = static_cast<std::byte>(i < 6 ? 0x02 : 0x06);
  std::size_t at = 12;
  for (int i = 0; i < tags; ++i, at += 4) {
    put16(frame, at, 0x8100);
    put16(frame, at + 2, 100U + static_cast<std::size_t>(i));
  }
  put16(frame, at, ether_type);
  return frame;
}

}  // namespace

std::size_t headers_of(const FrameSpec& spec) { return transport_of(spec) + (spec.tcp ? 20 : 8); }

Bytes make_frame(const FrameSpec& spec) {
  Bytes frame = ethernet(spec.ipv6 ? 0x86dd : 0x0800, spec.tags);
  frame.resize(headers_of(spec) + spec.payload);
  const std::size_t network = network_of(spec);
  const std::size_t transport = transport_of(spec);
  const std::size_t length = frame.size() - network;
  if (spec.ipv6) {
    put16(frame, network, 0x6000U | (spec.ecn << 4U));
    put16(frame, network + 4, length - 40);
    frame[network + 6] = static_cast<std::byte>(spec.tcp ? 6 : 17);
    frame[network + 7] = std::byte{64};
    for (std::size_t i = 8; i < 40; ++i) frame[network + i] = static_cast<std::byte>(i);
  } else {
    put16(frame, network, 0x4500U | ((spec.ip_options / 4) << 8U) | spec.ecn);
    put16(frame, network + 2, length);
    put16(frame, network + 4, 0xfffe);  // its number is about to start anew
    frame[network + 8] = std::byte{64};
    frame[network + 9] = static_cast<std::byte>(spec.tcp ? 6 : 17);
    for (std::size_t i = 12; i < 20; ++i) frame[network + i] = static_cast<std::byte>(i);
    for (std::size_t i = 0; i < spec.ip_options; ++i) frame[network + 20 + i] = std::byte{1};  // no operation
    put16(frame, network + 10, 0xffffU - add_up(frame, network, transport));
  }
  put16(frame, transport, 1000);
  put16(frame, transport + 2, 2000);
  if (spec.tcp) {
    put16(frame, transport + 4, 0xffff);  // as does its sequence number
    put16(frame, transport + 6, 0xff00);
    frame[transport + 12] = std::byte{0x50};
    frame[transport + 13] = static_cast<std::byte>(spec.tcp_flags);
  } else {
    put16(frame, transport + 4, frame.size() - transport);
  }
  for (std::size_t i = 0; i < spec.payload; ++i) frame[headers_of(spec) + i] = static_cast<std::byte>(i * 7 + i / 256);
  put16(frame, checksum_of(spec), 0xffffU - add_up(frame, transport, frame.size(), pseudo_sum(frame, spec)));
  return frame;
}

Bytes make_arp(int tags) {
  Bytes frame = ethernet(0x0806, tags);
  const unsigned char request[] = {0,  1, 8, 0, 6, 4, 0, 1, 2, 2, 2,  2, 2, 2,
                                   10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2};
  for (const unsigned char one : request) frame.push_back(static_cast<std::byte>(one));
  return frame;
}

Bytes make_icmpv6(unsigned type, bool hop_by_hop) {
  Bytes frame = ethernet(0x86dd, 0);
  frame.resize(kEthernet + 40);
  frame[kEthernet] = std::byte{0x60};
  put16(frame, kEthernet + 4, hop_by_hop ? 16 : 8);
  frame[kEthernet + 6] = static_cast<std::byte>(hop_by_hop ? 0 : 58);
  if (hop_by_hop) {
    for (const unsigned one : {58U, 0U, 5U, 2U, 0U, 0U, 1U, 0U}) frame.push_back(static_cast<std::byte>(one));
  }
  frame.push_back(static_cast<std::byte>(type));
  frame.resize(frame.size() + 7);
  return frame;
}

wire::VirtioHeader make_partial(Bytes& frame, const FrameSpec& spec) {
  put16(frame, checksum_of(spec), pseudo_sum(frame, spec));
  wire::VirtioHeader header;
  header.flags = wire::VirtioHeader::kNeedsChecksum;
  header.checksum_start = static_cast<std::uint16_t>(transport_of(spec));
  header.checksum_offset = static_cast<std::uint16_t>(spec.tcp ? 16 : 6);
  return header;
}

wire::VirtioHeader make_super(Bytes& frame, const FrameSpec& spec, std::uint16_t size) {
  frame = make_frame(spec);
  wire::VirtioHeader header = make_partial(frame, spec);
  header.gso_type = !spec.tcp   ? wire::VirtioHeader::kGsoUdp
                    : spec.ipv6 ? wire::VirtioHeader::kGsoTcp6
                                : wire::VirtioHeader::kGsoTcp4;
  header.gso_size = size;
  header.header_bytes = static_cast<std::uint16_t>(headers_of(spec));
  return header;
}

Bytes join(const wire::VirtioHeader& header, const Bytes& frame) {
  Bytes both(wire::kVirtioBytes);
  wire::store_virtio(both.data(), header);
  both.insert(both.end(), frame.begin(), frame.end());
  return both;
}

bool checksums_hold(const Bytes& frame, const FrameSpec& spec) {
  const std::size_t network = network_of(spec);
  const std::size_t transport = transport_of(spec);
  const bool network_holds = spec.ipv6 || add_up(frame, network, transport) == 0xffffU;
  const bool length_holds =
      get16(frame, network + (spec.ipv6 ? 4 : 2)) + network + (spec.ipv6 ? 40 : 0) == frame.size();
  const bool transport_holds = add_up(frame, transport, frame.size(), pseudo_sum(frame, spec)) == 0xffffU;
  return network_holds && length_holds && transport_holds;
}

}  // namespace dummynet::test

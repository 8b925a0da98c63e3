#include "dummynet/wire/checksum.hpp"

#include <bit>
#include <cstring>

#include "dummynet/wire/byte_order.hpp"

namespace dummynet::wire {

namespace {

constexpr std::uint16_t fold(std::uint64_t sum) noexcept {
  while (sum > 0xffffU) sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(sum);
}

constexpr std::uint16_t swapped(std::uint16_t value) noexcept {
  return static_cast<std::uint16_t>((value << 8U) | (value >> 8U));
}

}  // namespace

// Summed in the machine's order, four bytes at a time, and turned at the end: RFC 1071, 2(B) and 2(C).
std::uint16_t internet_sum(std::span<const std::byte> bytes, std::uint32_t start) noexcept {
  std::uint64_t sum = 0;
  std::size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    sum += word;
  }
  if (at + 2 <= bytes.size()) {
    std::uint16_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    sum += word;
    at += 2;
  }
  if (at < bytes.size()) {
    std::uint16_t word = 0;
    std::memcpy(&word, bytes.data() + at, 1);
    sum += word;
  }
  std::uint16_t folded = fold(sum);
  if constexpr (std::endian::native == std::endian::little) folded = swapped(folded);
  return fold(std::uint64_t{folded} + start);
}

std::uint16_t pseudo_header_sum(std::span<const std::byte> addresses, std::uint8_t protocol,
                                std::uint32_t bytes) noexcept {
  return internet_sum(addresses, fold(std::uint64_t{protocol} + bytes));
}

bool complete_checksum(VirtioHeader& header, std::span<std::byte> frame) noexcept {
  if (!header.needs_checksum()) return true;
  const std::size_t start = header.checksum_start;
  const std::size_t field = start + header.checksum_offset;
  if (start > frame.size() || field + 2 > frame.size()) return false;
  const auto sum = static_cast<std::uint16_t>(~internet_sum(frame.subspan(start)));
  // Zero means "no checksum" in UDP (RFC 768); for TCP both mean the same.
  store16(frame, field, sum == 0 ? std::uint16_t{0xffff} : sum);
  header.flags = static_cast<std::uint8_t>(header.flags & ~VirtioHeader::kNeedsChecksum);
  header.checksum_start = 0;
  header.checksum_offset = 0;
  return true;
}

void renew_ipv4_checksum(std::span<std::byte> frame, std::size_t at) noexcept {
  const std::size_t bytes = std::size_t{4} * (load8(frame, at) & 0xfU);
  store16(frame, at + 10, 0);
  store16(frame, at + 10, static_cast<std::uint16_t>(~internet_sum(frame.subspan(at, bytes))));
}

}  // namespace dummynet::wire

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dummynet::wire {

/// Numbers in network byte order at any place; the caller has checked that they lie within.
inline std::uint16_t load16(std::span<const std::byte> bytes, std::size_t at) noexcept {
  return static_cast<std::uint16_t>((std::to_integer<unsigned>(bytes[at]) << 8U) |
                                    std::to_integer<unsigned>(bytes[at + 1]));
}
inline void store16(std::span<std::byte> bytes, std::size_t at, std::uint16_t value) noexcept {
  bytes[at] = static_cast<std::byte>(value >> 8U);
  bytes[at + 1] = static_cast<std::byte>(value & 0xffU);
}
inline std::uint32_t load32(std::span<const std::byte> bytes, std::size_t at) noexcept {
  return (std::uint32_t{load16(bytes, at)} << 16U) | load16(bytes, at + 2);
}
inline void store32(std::span<std::byte> bytes, std::size_t at, std::uint32_t value) noexcept {
  store16(bytes, at, static_cast<std::uint16_t>(value >> 16U));
  store16(bytes, at + 2, static_cast<std::uint16_t>(value & 0xffffU));
}
inline unsigned load8(std::span<const std::byte> bytes, std::size_t at) noexcept {
  return std::to_integer<unsigned>(bytes[at]);
}

}  // namespace dummynet::wire

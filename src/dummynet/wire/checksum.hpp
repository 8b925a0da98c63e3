#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dummynet/wire/virtio_header.hpp"

/// The Internet checksum: RFC 1071.
namespace dummynet::wire {

/// The ones' complement sum of 16-bit words, not complemented; `start` is what was summed before, an odd last byte is
/// padded with zero.
std::uint16_t internet_sum(std::span<const std::byte> bytes, std::uint32_t start = 0) noexcept;

/// The sum of a TCP or UDP pseudo header (RFC 9293, RFC 8200 section 8.1): what the checksum field of a packet holds
/// whose checksum is partial. `addresses`: source and destination, 8 or 32 bytes.
std::uint16_t pseudo_header_sum(std::span<const std::byte> addresses, std::uint8_t protocol,
                                std::uint32_t bytes) noexcept;

/// Computes what the sender left to the hardware, and says so in the header. Without that flag: nothing to do. False:
/// the header points outside of the frame, which stays as it is.
bool complete_checksum(VirtioHeader& header, std::span<std::byte> frame) noexcept;

/// Mends the header checksum of the IPv4 header at `at`. It has been checked to be there whole.
void renew_ipv4_checksum(std::span<std::byte> frame, std::size_t at) noexcept;

}  // namespace dummynet::wire

#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "dummynet/wire/virtio_header.hpp"

namespace dummynet::wire {

/// The headers of one super-frame in the place of several segments in a row of another, as SuperFrame::write() made
/// them. What is due together goes out together, as a network card with GRO would hand it up: one message, and one way
/// through the receiver's stack instead of many.
struct JoinedHeaders {
  static constexpr std::size_t kMost = 256;        ///< of Ethernet, IP and TCP; longer ones are not joined
  static constexpr std::size_t kLargest = 65'535;  ///< all that follows the Ethernet header: lengths have 16 bits

  std::array<std::byte, kVirtioBytes + kMost> bytes{};
  std::size_t length = 0;  ///< of `bytes`
};

/// How many bytes of this segment are headers; 0: it cannot be joined.
std::size_t headers_of_segment(std::span<const std::byte> frame) noexcept;

/// `first`, `last`: whole segments, from the Ethernet header on; `headers`: headers_of_segment(first); `payload`: of
/// all of them together.
JoinedHeaders join_headers(std::span<const std::byte> first, std::span<const std::byte> last, std::size_t headers,
                           std::size_t payload) noexcept;

}  // namespace dummynet::wire

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dummynet/wire/virtio_header.hpp"

namespace dummynet::wire {

/// A frame of many segments that the network stack hands to a device that is to cut it up (GSO): TCP over IPv4 and
/// IPv6, and UDP. Cuts it into what would be on the wire, as the kernel does: sequence numbers go on, FIN and PSH
/// are the last one's, CWR the first one's, IPv4's identification counts. Their checksums stay partial.
class SuperFrame {
 public:
  /// Nothing: it is none, or is not what it says it is. `frame` must outlive it.
  static std::optional<SuperFrame> parse(const VirtioHeader& header, std::span<const std::byte> frame) noexcept;

  std::size_t count() const noexcept { return count_; }
  /// How long this segment is on the wire, from its Ethernet header on.
  std::size_t bytes(std::size_t index) const noexcept { return headers_ + payload_bytes(index); }
  /// Writes this segment; `into` has bytes(index). Returns its header.
  VirtioHeader write(std::size_t index, std::span<std::byte> into) const noexcept;
  /// Headers that all the segments have together beyond those of the super-frame itself.
  std::size_t extra_bytes() const noexcept { return (count_ - 1) * headers_; }

 private:
  std::size_t payload_bytes(std::size_t index) const noexcept;
  void write_ip(std::size_t index, std::span<std::byte> segment) const noexcept;
  void write_tcp(std::size_t index, std::span<std::byte> segment) const noexcept;

  std::span<const std::byte> frame_;
  bool tcp_ = false;
  bool ipv4_ = false;
  bool ecn_ = false;
  std::size_t network_ = 0, transport_ = 0, headers_ = 0, count_ = 0;
  std::size_t size_ = 0;  // payload of a segment
};

}  // namespace dummynet::wire

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dummynet/wire/pipeline.hpp"
#include "dummynet/wire/virtio_header.hpp"

namespace dummynet::wire {

/// A frame in the engine's hands: its bytes, and what was decided for it.
struct Frame {
  std::byte* memory = nullptr;  ///< null: there was no memory for it; it counts as lost already
  std::uint32_t capacity = 0;
  std::uint32_t start = 0;   ///< where its virtio header lies
  std::uint32_t length = 0;  ///< of virtio header and frame
  std::int32_t slot = -1;    ///< the position in the buffers to receive into; -1: it is kept
  bool decided = false;
  PacketClass packet_class{};
  std::uint16_t extra_packets = 0;  ///< of a super-frame that passes whole: wire packets beyond the first
  std::uint32_t extra_bytes = 0;    ///< and their headers
  std::uint32_t train = 0;          ///< unchanged segments of one super-frame have the same; 0: it stands alone
  std::uint16_t place = 0;          ///< in its train
  std::uint32_t bytes = 0;          ///< this and what follows: as in its Decision
  std::uint64_t number = 0;
  Nanoseconds arrived{0};
  Nanoseconds due{0};

  std::byte* virtio() const noexcept { return memory + start; }
  std::span<std::byte> ethernet() const noexcept {
    return {memory + start + kVirtioBytes, memory == nullptr ? 0 : length - kVirtioBytes};
  }
};

/// Frames by number, their memory in a few sizes that are used again. Never gives memory back to the system.
class FramePool {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  /// Before the virtio header: a VLAN tag may be put in, and the IP header lies at a multiple of two.
  static constexpr std::uint32_t kHeadroom = 6;
  /// Super-frames have up to 64 KiB of IP packet.
  static constexpr std::uint32_t kLargest = 68U << 10U;

  /// Up to here a frame that has to wait is copied to memory of its size; beyond, it keeps what it was received into.
  static constexpr std::uint32_t kCopied = (16U << 10U) - kHeadroom;

  explicit FramePool(std::size_t limit_bytes) : limit_bytes_{limit_bytes} {}

  /// A frame with room for `bytes` of virtio header and frame. kNone: over the limit.
  std::uint32_t make(std::size_t bytes);
  /// A number without memory.
  std::uint32_t make_empty();
  void release(std::uint32_t frame) noexcept;
  /// The two exchange their bytes, and nothing else.
  void swap_memory(std::uint32_t one, std::uint32_t other) noexcept;
  Frame& operator[](std::uint32_t frame) noexcept { return frames_[frame]; }
  const Frame& operator[](std::uint32_t frame) const noexcept { return frames_[frame]; }
  std::size_t used_bytes() const noexcept { return used_bytes_; }

 private:
  static constexpr std::array<std::uint32_t, 4> kSizes{2U << 10U, 4U << 10U, 16U << 10U, kLargest};
  static std::size_t size_class(std::size_t capacity) noexcept;

  std::size_t limit_bytes_;
  std::size_t used_bytes_ = 0;
  std::vector<Frame> frames_;
  std::vector<std::uint32_t> free_frames_;
  std::array<std::vector<std::byte*>, kSizes.size()> free_memory_;
  std::vector<std::unique_ptr<std::byte[]>> all_memory_;
};

}  // namespace dummynet::wire

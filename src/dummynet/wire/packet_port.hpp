#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dummynet/os/fd.hpp"
#include "dummynet/wire/frame_pool.hpp"
#include "dummynet/wire/joined_segments.hpp"

namespace dummynet::wire {

/// Many messages with one system call: recvmmsg(2) with what the kernel tells beside each.
class ReceiveBatch {
 public:
  static constexpr std::size_t kMost = 32;
  struct Message {
    std::size_t length = 0;
    bool truncated = false;
    bool has_tag = false;  ///< a VLAN tag that the kernel took out
    std::uint16_t tag_protocol = 0;
    std::uint16_t tag = 0;
    std::optional<Nanoseconds> realtime{};  ///< when the kernel received it, CLOCK_REALTIME
  };

  ReceiveBatch() noexcept;
  ReceiveBatch(const ReceiveBatch&) = delete;
  ReceiveBatch& operator=(const ReceiveBatch&) = delete;
  /// Where the n-th message goes.
  void set_room(std::size_t index, std::byte* at, std::size_t bytes) noexcept { parts_[index] = {at, bytes}; }
  /// Does not wait. The number received, at most `most`, or -1: errno.
  int receive(const os::Fd& socket, std::size_t most) noexcept;
  Message message(std::size_t index) const noexcept;

 private:
  static constexpr std::size_t kControl = 128;  // a stamp and a tpacket_auxdata
  std::array<mmsghdr, kMost> headers_{};
  std::array<iovec, kMost> parts_{};
  alignas(cmsghdr) std::array<std::array<std::byte, kControl>, kMost> control_{};
};

/// sendmmsg(2). Segments in a row of one super-frame can go as one message: see JoinedHeaders.
class SendBatch {
 public:
  static constexpr std::size_t kMost = 32;  ///< messages
  static constexpr std::size_t kMostFrames = 64;
  SendBatch() noexcept = default;
  SendBatch(const SendBatch&) = delete;
  SendBatch& operator=(const SendBatch&) = delete;

  /// Takes from the front of `frames` what fits, in place of what was there; they must stay where they are.
  void fill(const FramePool& pool, std::span<const std::uint32_t> frames, bool joins) noexcept;
  /// Does not wait. How many of the messages were sent, or -1: errno.
  int send(const os::Fd& socket) noexcept;
  /// How many frames are in the first messages.
  std::size_t frames_in(std::size_t messages) const noexcept;

 private:
  std::size_t take_joined(const FramePool& pool, std::span<const std::uint32_t> frames) noexcept;
  void add_part(void* at, std::size_t bytes) noexcept { parts_[used_parts_++] = {at, bytes}; }

  std::array<mmsghdr, kMost> headers_{};
  std::array<std::size_t, kMost> frames_{};  // in each message
  std::array<JoinedHeaders, kMost> joined_;
  std::array<iovec, kMostFrames + kMost> parts_{};
  std::size_t messages_ = 0;
  std::size_t used_parts_ = 0;
};

/// What the socket had no room for since this was asked last: PACKET_STATISTICS, packet(7).
std::uint64_t take_socket_drops(const os::Fd& socket) noexcept;

/// How much the kernel keeps for this socket until it is read, its own overhead included: SO_RCVBUF, socket(7).
std::size_t socket_room(const os::Fd& socket) noexcept;
/// That of a socket of real root; an ordinary user's is limited by net.core.rmem_max. See net::Network::open_cut().
inline constexpr std::size_t kFullRoom = 64U << 20U;

/// Whether a frame waits to be read. Besides, a socket of a group is looked at by poll(2) so that the kernel sees that
/// it has room again: one that it once found full it does not try else (packet_rcv_try_clear_pressure).
bool has_frame(const os::Fd& socket) noexcept;

/// Whether the other side of this packet socket's interface is up, so that it can receive.
bool has_carrier(const os::Fd& socket) noexcept;

}  // namespace dummynet::wire

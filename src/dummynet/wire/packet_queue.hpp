#pragma once

#include <cstdint>
#include <limits>

#include "dummynet/wire/impairment.hpp"
#include "dummynet/wire/packet.hpp"
#include "dummynet/wire/ring.hpp"

namespace dummynet::wire {

/// Packets that wait for the line, first in, first out, with their bytes counted. Not in it: the one being sent.
class PacketQueue {
 public:
  bool empty() const noexcept { return packets_.empty(); }
  std::uint64_t packets() const noexcept { return packets_.size(); }
  std::uint64_t bytes() const noexcept { return bytes_; }
  const Packet& front() const noexcept { return packets_.front(); }

  void push(const Packet& packet) {
    packets_.push_back(packet);
    bytes_ += packet.bytes;
  }
  void put_back(const Packet& packet) {
    packets_.push_front(packet);
    bytes_ += packet.bytes;
  }
  Packet pop() noexcept {
    const Packet first = packets_.front();
    packets_.pop_front();
    bytes_ -= first.bytes;
    return first;
  }
  Packet pop_last() noexcept {
    const Packet last = packets_.back();
    packets_.pop_back();
    bytes_ -= last.bytes;
    return last;
  }

 private:
  Ring<Packet> packets_{};
  std::uint64_t bytes_ = 0;
};

/// How much may wait.
struct QueueLimits {
  static constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t packets = kNone;
  std::uint64_t bytes = kNone;
  Nanoseconds time = Nanoseconds::max();

  bool has_time() const noexcept { return time != Nanoseconds::max(); }
  /// Whether so many packets with so many bytes may wait, the last of them for so long.
  bool allow(std::uint64_t all_packets, std::uint64_t all_bytes, Nanoseconds wait) const noexcept {
    return all_packets <= packets && all_bytes <= bytes && wait <= time;
  }
};

}  // namespace dummynet::wire

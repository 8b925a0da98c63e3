#pragma once

#include <optional>

#include "dummynet/wire/packet.hpp"
#include "dummynet/wire/packet_queue.hpp"

namespace dummynet::wire {

/// CoDel, RFC 8289: drops at the head of the queue, ever more often, while packets have waited longer than the target
/// for longer than the interval. Names and steps as in the RFC's section 5.
class Codel {
 public:
  Codel() = default;
  void set(const Queue& queue) noexcept;
  void reset() noexcept;

  /// Takes the next packet that may pass at `now`, if one is left; what is dropped on the way goes to `outlet`.
  std::optional<Packet> dequeue(PacketQueue& queue, Nanoseconds now, Outlet& outlet);

 private:
  struct Candidate {
    std::optional<Packet> packet{};
    bool ok_to_drop = false;
  };

  Candidate take(PacketQueue& queue, Nanoseconds now) noexcept;
  bool may_mark(const Packet& packet) const noexcept { return ecn_ && packet.ecn != Ecn::not_capable; }
  Nanoseconds control_law(Nanoseconds from) const noexcept;
  std::optional<Packet> stay_dropping(Candidate candidate, PacketQueue& queue, Nanoseconds now, Outlet& outlet);
  std::optional<Packet> start_dropping(Candidate candidate, PacketQueue& queue, Nanoseconds now, Outlet& outlet);

  Nanoseconds target_{0};
  Nanoseconds interval_{0};
  bool ecn_ = false;

  std::optional<Nanoseconds> first_above_time_{};  // when it will have been too long for an interval
  Nanoseconds drop_next_{0};
  std::uint64_t count_ = 0;
  std::uint64_t last_count_ = 0;
  bool dropping_ = false;
};

}  // namespace dummynet::wire

#pragma once

#include <cstdint>

#include "dummynet/wire/pipeline.hpp"

namespace dummynet::wire {

/// A packet on its way through a pipeline: what came in, and what was decided before the queue.
struct Packet {
  Nanoseconds arrived{0};
  std::uint64_t number = 0;
  std::int64_t flip_bit = -1;
  std::uint32_t bytes = 0;
  std::uint32_t frame = 0;
  PacketClass packet_class = PacketClass::data;
  Ecn ecn = Ecn::not_capable;
  bool is_copy = false;
  bool is_early = false;  ///< chosen by Reorder: is not delayed
  bool mark = false;
};

/// Where a bottleneck sends its packets to.
class Outlet {
 public:
  virtual ~Outlet() = default;
  /// Its last bit has passed the line at `finish`.
  virtual void pass(const Packet& packet, Nanoseconds finish) = 0;
  virtual void drop(const Packet& packet, DropReason reason, Nanoseconds at) = 0;
};

}  // namespace dummynet::wire

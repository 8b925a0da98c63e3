#pragma once

#include <cstdint>

#include "dummynet/wire/impairment.hpp"
#include "dummynet/wire/jitter.hpp"
#include "dummynet/wire/packet.hpp"
#include "dummynet/wire/random_stream.hpp"

namespace dummynet::wire {

/// The way itself: when a packet that has passed the line comes out at the far end.
class DelayStage {
 public:
  /// From now on. The impairment's jitter must outlive its use here.
  void set(const Impairment& impairment);

  struct Departure {
    Nanoseconds due{0};
    bool is_reordered = false;  ///< before one that has passed the line earlier
  };
  Departure depart(const Packet& packet, Nanoseconds finish, const RandomStreams& random) noexcept;

  /// No packet is due earlier than so long after it has passed the line.
  Nanoseconds least() const noexcept { return least_; }

 private:
  Nanoseconds delay_{0};
  JitterModel jitter_{};
  bool keeps_order_ = true;
  Nanoseconds least_{0};
  Nanoseconds latest_{Nanoseconds::min()};  // of all that have departed
};

}  // namespace dummynet::wire

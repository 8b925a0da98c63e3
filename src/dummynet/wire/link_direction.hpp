#pragma once

#include <cstdint>

#include "dummynet/wire/counters.hpp"
#include "dummynet/wire/due_queue.hpp"
#include "dummynet/wire/frame_pool.hpp"
#include "dummynet/wire/pipeline.hpp"

namespace dummynet::wire {

/// One direction of a link in the engine: what decides, what is on its way, and what was done.
class LinkDirection {
 public:
  LinkDirection(const Impairment& impairment, std::uint64_t seed, Nanoseconds start, Pipeline::Frames& frames);

  Pipeline pipeline;
  DueQueue on_the_way;
  std::size_t held_bytes = 0;    ///< memory of frames that are queued or on their way
  Nanoseconds blocked_until{0};  ///< max(): until its socket has room again
  std::uint64_t own_losses = 0;  ///< see DirectionCounters
  std::uint64_t unlogged_packets = 0;

  /// What set() changed about how frames are to be treated.
  void note_impairment();
  bool wants_wire_packets() const noexcept { return wants_wire_packets_; }

  /// When it has to be looked after next.
  Nanoseconds next() const noexcept;
  /// Frames come so close to each other that a few are gathered before they are sent.
  bool gathers() const noexcept { return close_sends_ >= kCloseSends; }

  /// A super-frame that passes whole is many packets on a real wire: counted as such.
  void note_offered(const Frame& frame) noexcept;
  void note_dropped(const Frame& frame, DropReason reason) noexcept;
  /// It had departed, says the pipeline, and was then lost with the link.
  void note_cut(const Frame& frame) noexcept;
  void note_sent(const Frame& frame, Nanoseconds at) noexcept;
  DirectionCounters counters() const;

 private:
  bool wants_wire_packets_ = false;
  bool promises_ = false;  // a delay or a rate, so that something can be late
  Nanoseconds late_from_{0};
  Nanoseconds very_late_from_{0};
  Nanoseconds pipeline_slack_{0};  // so long after the pipeline's next() nothing is due that it would decide
  unsigned close_sends_ = 0;       // in a row
  static constexpr unsigned kCloseSends = 8;
  PipelineCounters extra_;  // to be added to the pipeline's, modulo 2^64
  LatenessHistogram lateness_;
  std::uint64_t late_packets_ = 0, very_late_packets_ = 0;
  std::uint64_t sent_packets_ = 0, bytes_after_first_ = 0;
  Nanoseconds first_sent_{0}, last_sent_{0};
};

}  // namespace dummynet::wire

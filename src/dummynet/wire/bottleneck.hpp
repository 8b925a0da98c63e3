#pragma once

#include "dummynet/wire/codel.hpp"
#include "dummynet/wire/line.hpp"
#include "dummynet/wire/packet.hpp"
#include "dummynet/wire/packet_queue.hpp"
#include "dummynet/wire/pie.hpp"
#include "dummynet/wire/random_stream.hpp"

namespace dummynet::wire {

/// The queue and the line behind it. Without a rate, packets pass at once. Its time is that of the packets: serve()
/// carries out, in order, what has happened until an instant, whenever it is called.
class Bottleneck {
 public:
  Bottleneck(const RandomStreams& random, Outlet& outlet) : random_{random}, outlet_{outlet} {}

  /// From `now` on, until when all is served. What has no room any more is dropped, the last first. The line goes on
  /// as it is with `keep_line`. The impairment must outlive its use here.
  void set(const Impairment& impairment, Nanoseconds start, Nanoseconds now, bool keep_line);

  void enqueue(const Packet& packet);
  void serve(Nanoseconds until) {
    if (!queue_.empty() && next_turn_ <= until) serve_queue(until);
  }
  /// Everything that waits is dropped.
  void clear(DropReason reason, Nanoseconds now);

  /// When the first in the queue begins to pass; kNever: there is none, or it never does.
  Nanoseconds next_turn() const noexcept { return queue_.empty() ? kNever : next_turn_; }
  const PacketQueue& queue() const noexcept { return queue_; }

 private:
  void serve_queue(Nanoseconds until);
  bool serve_one(Nanoseconds turn);
  void look_at_pie(Nanoseconds until);
  bool has_room_for(const Packet& packet) const noexcept;
  bool make_room_for(const Packet& packet);
  bool admits(Packet& packet);
  void trim(Nanoseconds now);
  Nanoseconds wait(Nanoseconds from, std::uint64_t bytes, std::uint64_t packets) const noexcept;

  const RandomStreams& random_;
  Outlet& outlet_;
  PacketQueue queue_{};
  Line line_{};
  QueueLimits limits_{};
  Queue::Kind kind_ = Queue::Kind::drop_tail;
  Codel codel_{};
  Pie pie_{};
  Nanoseconds next_turn_{0};    // of the queue's head
  Nanoseconds last_finish_{0};  // of what has passed the line
};

}  // namespace dummynet::wire

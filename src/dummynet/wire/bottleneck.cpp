#include "dummynet/wire/bottleneck.hpp"

#include <algorithm>

#include "dummynet/wire/impairment_check.hpp"

namespace dummynet::wire {
namespace {

QueueLimits limits_of(const Impairment& impairment) {
  const Queue& queue = impairment.queue;
  QueueLimits limits;
  limits.packets = queue.limit_packets.value_or(QueueLimits::kNone);
  limits.bytes = queue.limit_bytes.value_or(QueueLimits::kNone);
  limits.time = queue.limit_time.value_or(Nanoseconds::max());
  if (!queue.limit_packets && !queue.limit_bytes && !queue.limit_time) {
    limits.packets = default_limit_packets(impairment);
  }
  return limits;
}

}  // namespace

void Bottleneck::set(const Impairment& impairment, Nanoseconds start, Nanoseconds now, bool keep_line) {
  if (!keep_line) {
    // What still waits has not had the chance to pass until now, whatever the new line would have made of the past.
    line_ = Line{impairment.rate, start, queue_.empty() ? last_finish_ : std::max(last_finish_, now)};
  }
  limits_ = limits_of(impairment);
  const Queue::Kind was = kind_;
  kind_ = line_.is_there() ? impairment.queue.kind : Queue::Kind::drop_tail;
  codel_.set(impairment.queue);
  pie_.set(impairment.queue);
  if (kind_ != was) {
    codel_.reset();
    pie_.reset(now);
  }
  if (!line_.is_there()) {
    while (!queue_.empty()) outlet_.pass(queue_.pop(), std::max(now, last_finish_));
    return;
  }
  trim(now);
  if (!queue_.empty()) serve_queue(now);
}

void Bottleneck::enqueue(const Packet& packet) {
  if (!line_.is_there()) {
    outlet_.pass(packet, packet.arrived);
    return;
  }
  serve(packet.arrived);
  if (kind_ == Queue::Kind::pie) look_at_pie(packet.arrived);
  if (line_.is_trace() && line_.turn(packet.arrived) == kNever) {
    outlet_.drop(packet, DropReason::trace_over, packet.arrived);
    return;
  }
  if (!make_room_for(packet)) {
    outlet_.drop(packet, DropReason::queue_full, packet.arrived);
    return;
  }
  Packet admitted = packet;
  if (kind_ == Queue::Kind::pie && !admits(admitted)) {
    outlet_.drop(packet, DropReason::pie, packet.arrived);
    return;
  }
  queue_.push(admitted);
  // Behind others it changes nothing yet.
  if (queue_.packets() == 1) serve_queue(packet.arrived);
}

void Bottleneck::clear(DropReason reason, Nanoseconds now) {
  while (!queue_.empty()) outlet_.drop(queue_.pop(), reason, now);
}

void Bottleneck::serve_queue(Nanoseconds until) {
  while (!queue_.empty()) {
    next_turn_ = line_.turn(queue_.front().arrived);
    if (next_turn_ == kNever && line_.is_trace()) {
      clear(DropReason::trace_over, until);
      return;
    }
    if (next_turn_ > until || !serve_one(next_turn_)) return;
  }
}

// False: nothing ever passes any more.
bool Bottleneck::serve_one(Nanoseconds turn) {
  if (kind_ == Queue::Kind::pie) look_at_pie(turn);
  const std::optional<Packet> packet =
      kind_ == Queue::Kind::codel ? codel_.dequeue(queue_, turn, outlet_) : std::optional{queue_.pop()};
  if (!packet) return true;
  const Nanoseconds finish = line_.transmit(packet->arrived, packet->bytes);
  if (finish != kNever) {
    last_finish_ = finish;
    outlet_.pass(*packet, finish);
    return true;
  }
  if (line_.is_trace()) {
    outlet_.drop(*packet, DropReason::trace_over, turn);
    return true;
  }
  queue_.put_back(*packet);
  next_turn_ = kNever;
  return false;
}

void Bottleneck::look_at_pie(Nanoseconds until) {
  while (pie_.next_update() <= until) {
    if (queue_.empty()) {
      pie_.idle_until(until);
    } else {
      pie_.update(wait(pie_.next_update(), queue_.bytes(), queue_.packets()));
    }
  }
}

// How long somebody would wait behind so much, from `from` on.
Nanoseconds Bottleneck::wait(Nanoseconds from, std::uint64_t bytes, std::uint64_t packets) const noexcept {
  const Nanoseconds turn = line_.drained(from, bytes, packets);
  return turn == kNever ? kNever : turn - from;
}

bool Bottleneck::has_room_for(const Packet& packet) const noexcept {
  const Nanoseconds waits =
      limits_.has_time() ? wait(packet.arrived, queue_.bytes(), queue_.packets()) : Nanoseconds{0};
  return limits_.allow(queue_.packets() + 1, queue_.bytes() + packet.bytes, waits);
}

bool Bottleneck::make_room_for(const Packet& packet) {
  while (!has_room_for(packet)) {
    if (kind_ != Queue::Kind::drop_head || queue_.empty()) return false;
    outlet_.drop(queue_.pop(), DropReason::queue_full, packet.arrived);
  }
  return true;
}

bool Bottleneck::admits(Packet& packet) {
  const std::uint64_t random_bits = random_.draw(Purpose::pie, packet.packet_class, packet.number, packet.is_copy);
  const Pie::Verdict verdict = pie_.admit(queue_.bytes(), packet.ecn != Ecn::not_capable, random_bits);
  if (verdict == Pie::Verdict::mark) packet.mark = true;
  return verdict != Pie::Verdict::drop;
}

void Bottleneck::trim(Nanoseconds now) {
  while (!queue_.empty()) {
    const Packet last = queue_.pop_last();
    const Nanoseconds waits = limits_.has_time() ? wait(now, queue_.bytes(), queue_.packets()) : Nanoseconds{0};
    if (limits_.allow(queue_.packets() + 1, queue_.bytes() + last.bytes, waits)) {
      queue_.push(last);
      return;
    }
    outlet_.drop(last, DropReason::queue_full, now);
  }
}

}  // namespace dummynet::wire

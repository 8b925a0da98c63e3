// Pump, part: from the socket to the pipeline, and what that decides.

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

#include "dummynet/wire/checksum.hpp"
#include "dummynet/wire/pump.hpp"
#include "dummynet/wire/vlan_tag.hpp"

namespace dummynet::wire {

namespace {

constexpr std::size_t kEthernetHeader = 14;
// Read few of those, so that the first is sent before the last is read, and out of the processor's cache.
constexpr std::size_t kLargeFrame = 8U << 10U;
constexpr std::size_t kLargeBatch = 4;
// Then others have their turn.
constexpr int kBatchesInARow = 4;
// What the kernel counts for the smallest frame, at least.
constexpr std::size_t kLeastCharge = 512;

// A flipped bit must be found by who checks: so the checksum is made before.
void turn_bit(const Frame& frame, std::int64_t bit) noexcept {
  const auto at = static_cast<std::size_t>(bit / 8);
  const std::span<std::byte> bytes = frame.ethernet();
  VirtioHeader header = load_virtio(frame.virtio());
  complete_checksum(header, bytes);
  store_virtio(frame.virtio(), header);
  if (at < bytes.size()) bytes[at] ^= std::byte{0x80} >> static_cast<unsigned>(bit % 8);
}

}  // namespace

void Pump::note_readable(std::uint32_t direction, std::uint64_t sockets) {
  if (ports_[direction].readable == 0) readable_.push_back(direction);
  ports_[direction].readable |= sockets;
}

void Pump::receive_readable() {
  serving_.swap(readable_);
  for (const std::uint32_t direction : serving_) receive(direction);
  serving_.clear();
}

void Pump::receive(std::uint32_t direction) {
  Port& from = source(direction);
  const std::uint64_t readable = std::exchange(from.readable, 0);
  if (from.more.empty()) {
    receive_from(direction, 0);
  } else if (from.unsorted.is_empty() && std::has_single_bit(readable)) {
    receive_from(direction, static_cast<std::size_t>(std::countr_zero(readable)));
  } else {
    receive_sorted(direction);
  }
  look_again(direction);
}

// All other sockets of the group are empty, as nearly always. The kernel stays with one until it is full, goes on to
// the next, and comes back only when the others are full: so what is read here is in order.
void Pump::receive_from(std::uint32_t direction, std::size_t socket) {
  Port& from = source(direction);
  from.reading = socket;
  for (int round = 0; round < kBatchesInARow; ++round) {
    const std::size_t most = from.batch;
    const int count = read_batch(direction, socket, most);
    if (count < 0) break;
    now_ = stamps_.update();
    if (!others_are_empty(from, socket)) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) keep(direction, i);
      return receive_sorted(direction);
    }
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      bytes += received_.message(i).length;
      if (const auto arrival = admit(direction, i)) take(direction, *arrival);
    }
    send_direct(direction);
    if (count > 0) {
      from.batch = bytes > kLargeFrame * static_cast<std::size_t>(count) ? kLargeBatch : ReceiveBatch::kMost;
      if (static_cast<std::size_t>(count) < most) break;
    }
  }
}

// How many there are now; 0: one was lost on its way to us; -1: none.
int Pump::read_batch(std::uint32_t direction, std::size_t socket, std::size_t most) {
  for (std::size_t i = 0; i < most; ++i) {
    const Frame& frame = pool_[slots_[i]];
    received_.set_room(i, frame.memory + FramePool::kHeadroom, frame.capacity - FramePool::kHeadroom);
  }
  int count = received_.receive(source(direction).at(socket), most);
  // That the interface went down is told once, before what had come until then.
  if (count < 0 && errno == ENETDOWN) count = received_.receive(source(direction).at(socket), most);
  if (count >= 0) return count;
  // Nothing is there. All else cost a frame: e.g. one of a kind that a virtio header cannot tell.
  if (errno == EAGAIN || errno == ENETDOWN) return -1;
  ++directions_[direction].own_losses;
  return 0;
}

// They were when we were woken, and only we empty them: so one that is empty tells that the kernel has not come round.
bool Pump::others_are_empty(const Port& port, std::size_t socket) const {
  return port.more.empty() || !has_frame(port.at((socket + port.size() - 1) % port.size()));
}

void Pump::receive_sorted(std::uint32_t direction) {
  Port& from = source(direction);
  for (int round = 0; round < kBatchesInARow; ++round) {
    for (std::size_t i = 0; i < from.size(); ++i) keep_all(direction, (from.reading + i) % from.size());
    now_ = stamps_.update();
    for (const Arrival& arrival : from.unsorted.end_round()) take(direction, arrival);
    send_direct(direction);
    if (!from.unsorted.is_empty()) continue;
    for (std::size_t i = 0; i < from.size(); ++i) has_frame(from.at(i));  // for the kernel's sake
    return;
  }
  note_readable(direction, kAllSockets);
}

// At most what it holds, so that there is an end to it.
void Pump::keep_all(std::uint32_t direction, std::size_t socket) {
  const std::size_t most = socket_room(source(direction).at(socket)) / kLeastCharge;
  for (std::size_t kept = 0; kept < most;) {
    const int count = read_batch(direction, socket, ReceiveBatch::kMost);
    if (count < 0) return;
    now_ = stamps_.update();
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) keep(direction, i);
    if (count > 0 && static_cast<std::size_t>(count) < ReceiveBatch::kMost) return;
    kept += static_cast<std::size_t>(std::max(count, 1));
  }
}

void Pump::keep(std::uint32_t direction, std::size_t slot) {
  const std::optional<Arrival> arrival = admit(direction, slot);
  if (!arrival) return;
  leave_slot(direction, arrival->frame);
  source(direction).unsorted.add(received_.message(slot).realtime.value_or(Nanoseconds::max()), *arrival);
}

std::optional<Arrival> Pump::admit(std::uint32_t direction, std::size_t slot) {
  const ReceiveBatch::Message message = received_.message(slot);
  const std::uint32_t number = slots_[slot];
  Frame& frame = pool_[number];
  if (message.truncated) ++directions_[direction].own_losses;
  if (message.truncated || message.length < kVirtioBytes + kEthernetHeader) return std::nullopt;
  frame.start = FramePool::kHeadroom;
  frame.length = static_cast<std::uint32_t>(message.length);
  frame.decided = false;
  frame.extra_packets = 0;
  frame.extra_bytes = 0;
  if (message.has_tag) {
    insert_vlan_tag(frame.virtio(), message.tag_protocol, message.tag);
    frame.start -= static_cast<std::uint32_t>(kVlanBytes);
    frame.length += static_cast<std::uint32_t>(kVlanBytes);
  }
  const std::span<const std::byte> bytes = frame.ethernet();
  const FrameLayout layout = parse_frame(bytes);
  Arrival arrival;
  arrival.at = message.realtime ? stamps_.to_monotonic(*message.realtime, start_) : now_;
  arrival.bytes = static_cast<std::uint32_t>(bytes.size());
  arrival.packet_class = classify(bytes, layout);
  arrival.ecn = read_ecn(bytes, layout);
  arrival.frame = number;
  return arrival;
}

void Pump::take(std::uint32_t direction, const Arrival& arrival) {
  LinkDirection& its = directions_[direction];
  Frame& frame = pool_[arrival.frame];
  if (frame.memory != nullptr && load_virtio(frame.virtio()).is_super_frame()) {
    if (const auto super = SuperFrame::parse(load_virtio(frame.virtio()), frame.ethernet())) {
      if (its.wants_wire_packets()) {
        offer_segments(direction, *super, arrival);
        return let_go(direction, arrival.frame);
      }
      frame.extra_packets = static_cast<std::uint16_t>(super->count() - 1);
      frame.extra_bytes = static_cast<std::uint32_t>(super->extra_bytes());
      its.note_offered(frame);
    }
  }
  offer(direction, arrival);
}

void Pump::offer_segments(std::uint32_t direction, const SuperFrame& super, Arrival arrival) {
  if (++trains_ == 0) ++trains_;
  for (std::size_t i = 0; i < super.count(); ++i) {
    arrival.bytes = static_cast<std::uint32_t>(super.bytes(i));
    arrival.frame = make_frame(direction, kVirtioBytes + arrival.bytes);
    Frame& segment = pool_[arrival.frame];
    segment.length = static_cast<std::uint32_t>(kVirtioBytes + arrival.bytes);
    segment.train = trains_;
    segment.place = static_cast<std::uint16_t>(i);
    if (segment.memory != nullptr) store_virtio(segment.virtio(), super.write(i, segment.ethernet()));
    offer(direction, arrival);
  }
}

void Pump::offer(std::uint32_t direction, const Arrival& arrival) {
  current_ = direction;
  const bool in_slot = pool_[arrival.frame].slot >= 0;
  directions_[direction].pipeline.offer(arrival, decisions_);
  apply_decisions(direction);
  // It waits in the pipeline; others come to where it lies.
  if (in_slot && !pool_[arrival.frame].decided) leave_slot(direction, arrival.frame);
}

void Pump::apply_decisions(std::uint32_t direction) {
  for (const Decision& decision : decisions_) {
    note(pool_[decision.frame], decision);
    if (decision.kind == Decision::Kind::depart) {
      depart(direction, decision);
    } else {
      drop(direction, decision);
    }
  }
  decisions_.clear();
}

void Pump::drop(std::uint32_t direction, const Decision& decision) {
  const Frame& frame = pool_[decision.frame];
  if (frame.extra_packets > 0) directions_[direction].note_dropped(frame, decision.reason);
  log(direction, frame, Nanoseconds{0}, to_string(decision.reason));
  let_go(direction, decision.frame);
}

void Pump::depart(std::uint32_t direction, const Decision& decision) {
  LinkDirection& its = directions_[direction];
  if (pool_[decision.frame].memory == nullptr) return lose(direction, decision.frame);
  Frame& frame = pool_[decision.frame];
  if (decision.mark || decision.flip_bit >= 0) frame.train = 0;
  if (decision.mark) mark_congestion(frame.ethernet(), parse_frame(frame.ethernet()));
  if (decision.flip_bit >= 0) turn_bit(frame, decision.flip_bit);
  if (decision.due <= now_ && its.on_the_way.empty() && its.blocked_until == Nanoseconds{0}) {
    direct_.push_back(decision.frame);
    if (direct_.size() == SendBatch::kMostFrames) send_direct(direction);
    return;
  }
  if (frame.slot >= 0) leave_slot(direction, decision.frame);
  if (pool_[decision.frame].memory == nullptr) return lose(direction, decision.frame);
  its.on_the_way.push(decision.due, decision.frame);
}

std::uint32_t Pump::make_frame(std::uint32_t direction, std::size_t bytes) {
  LinkDirection& its = directions_[direction];
  const std::uint32_t made = its.held_bytes < max_direction_bytes_ ? pool_.make(bytes) : FramePool::kNone;
  if (made == FramePool::kNone) return pool_.make_empty();
  its.held_bytes += pool_[made].capacity;
  return made;
}

std::uint32_t Pump::copy(std::uint32_t original) {
  // Of what was lost for want of memory there is nothing to double.
  const bool is_there = pool_[original].memory != nullptr;
  const std::uint32_t twin = is_there ? make_frame(current_, pool_[original].length) : pool_.make_empty();
  const Frame& from = pool_[original];
  Frame& to = pool_[twin];
  to.length = from.length;
  if (to.memory != nullptr) std::copy_n(from.virtio(), from.length, to.virtio());
  return twin;
}

// A large frame keeps the memory it lies in and another takes its place in the slot; a small one is copied.
void Pump::leave_slot(std::uint32_t direction, std::uint32_t frame) {
  const auto slot = static_cast<std::size_t>(pool_[frame].slot);
  const bool large = pool_[frame].length > FramePool::kCopied;
  const std::size_t bytes = large ? FramePool::kLargest - FramePool::kHeadroom : pool_[frame].length;
  const std::uint32_t other = make_frame(direction, bytes);
  if (!large && pool_[other].memory != nullptr) {
    std::copy_n(pool_[frame].virtio(), pool_[frame].length, pool_[other].virtio());
  }
  if (!large || pool_[other].memory == nullptr) pool_.swap_memory(frame, other);
  pool_[frame].slot = -1;
  pool_[other].slot = static_cast<std::int32_t>(slot);
  slots_[slot] = other;
}

void Pump::let_go(std::uint32_t direction, std::uint32_t frame) noexcept {
  if (pool_[frame].slot >= 0) return;
  directions_[direction].held_bytes -= pool_[frame].capacity;
  pool_.release(frame);
}

}  // namespace dummynet::wire

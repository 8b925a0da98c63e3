// Pump, part: from the pipeline to the socket, when it is due.

#include <algorithm>
#include <cerrno>

#include "dummynet/wire/pump.hpp"

namespace dummynet::wire {

using namespace std::chrono_literals;

namespace {

// Batches that are sent before the sockets are read again: as many as are read at once, so that a direction of many
// frames does not make those of another late.
constexpr int kRounds = 4;
// So that the first of a batch is not counted late for the last.
constexpr std::size_t kBatchBytes = 128U << 10U;
// The next device's queue is full and will not tell when it has room: ENOBUFS.
constexpr Nanoseconds kRetryAfter = 50us;

}  // namespace

void Pump::release_due() {
  Nanoseconds now = monotonic_now();
  for (int round = 0; round < kRounds && agenda_.earliest() <= now; ++round) {
    const std::uint32_t direction = agenda_.first();
    LinkDirection& its = directions_[direction];
    now_ = now;
    current_ = direction;
    if (its.blocked_until <= now) its.blocked_until = 0ns;
    if (its.pipeline.next() <= now) {
      its.pipeline.advance(now, decisions_);
      apply_decisions(direction);
      send_direct(direction);
    }
    send_due(direction, now);
    look_again(direction);
    now = monotonic_now();
  }
}

std::size_t Pump::send_due(std::uint32_t direction, Nanoseconds now) {
  LinkDirection& its = directions_[direction];
  if (its.blocked_until != 0ns) return 0;
  std::array<DueQueue::Entry, SendBatch::kMostFrames> entries;
  std::array<std::uint32_t, SendBatch::kMostFrames> frames{};
  std::size_t count = 0;
  for (std::size_t bytes = 0; count < frames.size() && bytes < kBatchBytes && its.on_the_way.earliest() <= now;
       ++count) {
    entries[count] = its.on_the_way.pop();
    frames[count] = entries[count].frame;
    bytes += pool_[frames[count]].length;
  }
  const std::size_t done = transmit(direction, {frames.data(), count});
  for (std::size_t i = done; i < count; ++i) its.on_the_way.put_back(entries[i]);
  return done;
}

void Pump::send_direct(std::uint32_t direction) {
  const std::size_t done = transmit(direction, direct_);
  for (std::size_t i = done; i < direct_.size(); ++i) {
    const std::uint32_t frame = direct_[i];
    if (pool_[frame].slot >= 0) leave_slot(direction, frame);
    if (pool_[frame].memory == nullptr) {
      lose(direction, frame);
    } else {
      directions_[direction].on_the_way.push(pool_[frame].due, frame);
    }
  }
  direct_.clear();
}

// Returns how many of them are dealt with; the others have to wait, in their order.
std::size_t Pump::transmit(std::uint32_t direction, std::span<const std::uint32_t> frames) {
  LinkDirection& its = directions_[direction];
  std::size_t done = 0;
  bool joins = true;
  while (done < frames.size()) {
    to_send_.fill(pool_, frames.subspan(done), joins);
    const int sent = to_send_.send(target(direction).socket);
    if (sent < 0) {
      const int error = errno;
      if (to_send_.frames_in(1) > 1 && (error == EINVAL || error == EMSGSIZE)) {
        joins = false;  // a kind that this kernel does not take
        continue;
      }
      if (error == EAGAIN) want_room(direction, true);
      if (error == EAGAIN || !is_refused(direction, frames[done], error)) break;
      ++done;
      continue;
    }
    const Nanoseconds at = monotonic_now();
    for (const std::size_t end = done + to_send_.frames_in(static_cast<std::size_t>(sent)); done < end; ++done) {
      its.note_sent(pool_[frames[done]], at);
      log(direction, pool_[frames[done]], at, {});
      let_go(direction, frames[done]);
    }
  }
  return done;
}

// False: it is worth another try.
bool Pump::is_refused(std::uint32_t direction, std::uint32_t frame, int error_number) {
  const bool no_interface = error_number == ENETDOWN || error_number == ENXIO || error_number == ENODEV;
  if (no_interface || (error_number == ENOBUFS && !has_carrier(target(direction).socket))) {
    cut(direction, frame);  // the node has set its interface down: nobody would receive it from a cable either
    return true;
  }
  if (error_number == ENOBUFS || error_number == ENOMEM) {
    directions_[direction].blocked_until = monotonic_now() + kRetryAfter;
    return false;
  }
  const Frame& whole = pool_[frame];
  if (load_virtio(whole.virtio()).is_super_frame() && send_in_pieces(direction, whole)) {
    const Nanoseconds at = monotonic_now();
    directions_[direction].note_sent(whole, at);
    log(direction, whole, at, {});
    let_go(direction, frame);
  } else {
    lose(direction, frame);
  }
  return true;
}

// What the kernel does not take whole, e.g. of a kind that it does not know: as a cable would carry it.
bool Pump::send_in_pieces(std::uint32_t direction, const Frame& frame) {
  const auto super = SuperFrame::parse(load_virtio(frame.virtio()), frame.ethernet());
  if (!super) return false;
  std::vector<std::byte> piece;
  for (std::size_t i = 0; i < super->count(); ++i) {
    piece.resize(kVirtioBytes + super->bytes(i));
    store_virtio(piece.data(), super->write(i, std::span{piece}.subspan(kVirtioBytes)));
    if (::send(target(direction).socket.get(), piece.data(), piece.size(), MSG_NOSIGNAL) < 0) return false;
  }
  return true;
}

void Pump::want_room(std::uint32_t direction, bool wanted) {
  const std::uint32_t port = direction ^ 1U;
  sleeper_.modify(ports_[port].socket.get(), wanted ? EPOLLIN | EPOLLOUT : EPOLLIN, port);
  ports_[port].wants_room = wanted;
  directions_[direction].blocked_until = wanted ? Nanoseconds::max() : 0ns;
  look_again(direction);
}

}  // namespace dummynet::wire

#include "dummynet/wire/pump.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "dummynet/os/close_together.hpp"

namespace dummynet::wire {

using namespace std::chrono_literals;

namespace {

// What a key tells: a port in the lower half, or a watch, and which of the port's sockets.
constexpr std::uint64_t kWatch = std::uint64_t{1} << 32U;
constexpr unsigned kSocketShift = 40;
// The packet log is written before a sleep that long, and tried again after it where it did not go.
constexpr Nanoseconds kLogPause = 2ms;
constexpr std::string_view kEnd = "end";  // in the log: the run was over before

}  // namespace

Pump::Pump(Options options)
    : sleeper_{options.spin}, max_direction_bytes_{options.max_direction_bytes}, log_{std::move(options.packet_log)} {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i] = pool_.make(FramePool::kLargest - FramePool::kHeadroom);
    pool_[slots_[i]].slot = static_cast<std::int32_t>(i);
  }
}

Pump::~Pump() {
  std::vector<os::Fd> all;
  for (Port& port : ports_) {
    all.push_back(std::move(port.socket));
    std::move(port.more.begin(), port.more.end(), std::back_inserter(all));
  }
  os::close_together(std::move(all));
}

void Pump::add_link(std::uint32_t position, std::uint64_t seed, std::array<std::vector<os::Fd>, 2> ends,
                    const std::array<Impairment, 2>& directions) {
  for (const auto& sockets : ends) {
    if (sockets.empty() || sockets.size() > kMostSockets)
      throw std::invalid_argument{"an end without sockets, or with too many"};
  }
  if (start_ == 0ns) start_ = monotonic_now();
  positions_.push_back(position);
  for (std::size_t side = 0; side < 2; ++side) {
    const auto way = static_cast<std::uint32_t>(side);
    Port& port = ports_.emplace_back();
    port.socket = std::move(ends[side].front());
    std::move(ends[side].begin() + 1, ends[side].end(), std::back_inserter(port.more));
    directions_.emplace_back(directions[side], direction_seed(seed, position, way), start_,
                             static_cast<Pipeline::Frames&>(*this));
    agenda_.add();
  }
}

void Pump::begin() {
  for (; begun_ < links(); ++begun_) {
    for (std::size_t port = 2 * begun_; port < 2 * begun_ + 2; ++port) {
      for (std::uint64_t i = 0; i < ports_[port].size(); ++i) {
        sleeper_.add(ports_[port].at(i).get(), EPOLLIN, port | i << kSocketShift);
      }
    }
  }
}

void Pump::set(std::size_t link, std::size_t direction, const Impairment& impairment, bool drop_in_flight) {
  const auto number = static_cast<std::uint32_t>(2 * link + direction);
  LinkDirection& its = directions_[number];
  now_ = monotonic_now();
  current_ = number;
  if (drop_in_flight) its.pipeline.drop_queued(now_, decisions_);
  its.pipeline.set(impairment, now_, decisions_);
  its.note_impairment();
  apply_decisions(number);
  while (drop_in_flight && !its.on_the_way.empty()) cut(number, its.on_the_way.pop().frame);
  send_direct(number);
  look_again(number);
}

DirectionCounters Pump::counters(std::size_t link, std::size_t direction) {
  const auto number = static_cast<std::uint32_t>(2 * link + direction);
  Port& from = source(number);
  for (std::size_t i = 0; i < from.size(); ++i) from.drops += take_socket_drops(from.at(i));
  DirectionCounters counters = directions_[number].counters();
  counters.own_losses += from.drops;
  counters.missed_packets = from.drops;
  counters.room_is_limited = socket_room(from.socket) < kFullRoom;
  counters.room_bytes = socket_room(from.socket) * from.size();
  return counters;
}

void Pump::watch(const os::Fd& descriptor, std::function<void()> callback) {
  sleeper_.add(descriptor.get(), EPOLLIN, kWatch | watches_.size());
  watches_.push_back(std::move(callback));
}

void Pump::run() {
  stopping_ = false;
  while (!stopping_) turn(Nanoseconds::max());
}

void Pump::turn(Nanoseconds longest) {
  const Nanoseconds latest = longest == Nanoseconds::max() ? longest : monotonic_now() + longest;
  Nanoseconds wake = readable_.empty() ? std::min(agenda_.earliest(), latest) : 0ns;
  // To find out whether there is room again, or to gather some frames, about that time will do.
  const bool is_for_link = wake != Nanoseconds::max() && wake < latest;
  const bool precisely =
      is_for_link && directions_[agenda_.first()].blocked_until == 0ns && !directions_[agenda_.first()].gathers();
  if (!log_.is_empty() && wake > monotonic_now() + kLogPause && !log_.flush()) wake = monotonic_now() + kLogPause;
  const std::span<const epoll_event> events = sleeper_.wait_until(wake, precisely);
  for (const epoll_event& event : events) {
    if ((event.data.u64 & kWatch) != 0) {
      watches_[event.data.u64 & ~kWatch]();
      continue;
    }
    const auto port = static_cast<std::uint32_t>(event.data.u64);
    if ((event.events & EPOLLOUT) != 0) want_room(port ^ 1U, false);
    if ((event.events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
      // With as many as can be told, others may have frames too.
      const bool all_told = events.size() < Sleeper::kMost;
      note_readable(port, all_told ? std::uint64_t{1} << (event.data.u64 >> kSocketShift) : kAllSockets);
    }
  }
  receive_readable();
  release_due();
}

void Pump::cut(std::uint32_t direction, std::uint32_t frame) {
  directions_[direction].note_cut(pool_[frame]);
  log(direction, pool_[frame], Nanoseconds{0}, to_string(DropReason::link_down));
  let_go(direction, frame);
}

void Pump::lose(std::uint32_t direction, std::uint32_t frame) {
  ++directions_[direction].own_losses;
  log(direction, pool_[frame], Nanoseconds{0}, "own_loss");
  let_go(direction, frame);
}

bool Pump::end_log() {
  const Nanoseconds now = monotonic_now();
  for (std::uint32_t direction = 0; log_.is_on() && direction < directions_.size(); ++direction) {
    LinkDirection& its = directions_[direction];
    while (!its.on_the_way.empty()) log(direction, pool_[its.on_the_way.pop().frame], Nanoseconds{0}, kEnd);
    its.pipeline.drop_queued(now, decisions_);
    for (const Decision& decision : decisions_) {
      note(pool_[decision.frame], decision);
      log(direction, pool_[decision.frame], Nanoseconds{0}, kEnd);
    }
    decisions_.clear();
  }
  return log_.flush();
}

void Pump::note(Frame& frame, const Decision& decision) noexcept {
  frame.decided = true;
  frame.packet_class = decision.packet_class;
  frame.bytes = decision.bytes;
  frame.number = decision.number;
  frame.arrived = decision.arrived;
  frame.due = decision.due;
}

void Pump::log(std::uint32_t direction, const Frame& frame, Nanoseconds out, std::string_view drop) {
  if (!log_.is_on()) return;
  const PacketLog::Line line{.link = positions_[direction / 2],
                             .direction = direction & 1U,
                             .packet_class = frame.packet_class,
                             .number = frame.number,
                             .bytes = frame.bytes,
                             .in = frame.arrived - start_,
                             .due = frame.due - start_,
                             .out = out - start_,
                             .drop = drop};
  if (!log_.add(line)) ++directions_[direction].unlogged_packets;
}

}  // namespace dummynet::wire

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dummynet/os/fd.hpp"
#include "dummynet/wire/agenda.hpp"
#include "dummynet/wire/arrival_order.hpp"
#include "dummynet/wire/clock.hpp"
#include "dummynet/wire/counters.hpp"
#include "dummynet/wire/frame_layout.hpp"
#include "dummynet/wire/frame_pool.hpp"
#include "dummynet/wire/link_direction.hpp"
#include "dummynet/wire/packet_log.hpp"
#include "dummynet/wire/packet_port.hpp"
#include "dummynet/wire/sleeper.hpp"
#include "dummynet/wire/super_frame.hpp"

namespace dummynet::wire {

/// Carries frames between the ends of links: reads them, asks each direction's Pipeline, and sends what departs when it
/// is due. One thread, one epoll(7); with nothing to do it sleeps until something comes. Never drops a frame by itself
/// without counting it as its own loss.
class Pump : private Pipeline::Frames {
 public:
  /// Memory for the frames of one direction, and for all: beyond it, what comes is lost and counted as own loss. The
  /// limit of a link without a rate.
  static constexpr std::size_t kMaxDirectionBytes = 256U << 20U;
  static constexpr std::size_t kMaxBytes = 1024U << 20U;
  static constexpr std::size_t kMostSockets = 64;  ///< at an end
  struct Options {
    Nanoseconds spin{0};  ///< see EngineOptions; more than 200 µs is taken as that
    os::Fd packet_log{};  ///< empty: none
    std::size_t max_direction_bytes = kMaxDirectionBytes;
  };

  explicit Pump(Options options);
  ~Pump() override;
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  /// The packet sockets of both ends as net::Network::open_cut() makes them, at least one and at most kMostSockets at
  /// each (or a single other that keeps the bounds of messages, without stamps and tags); each frame behind a virtio
  /// header. Frames are read from begin() on.
  void add_link(std::uint32_t position, std::uint64_t seed, std::array<std::vector<os::Fd>, 2> ends,
                const std::array<Impairment, 2>& directions);
  std::size_t links() const noexcept { return ports_.size() / 2; }
  /// Time zero of the links added so far.
  void begin();

  /// From the next packet on. `drop_in_flight`: what is queued or on its way is lost.
  void set(std::size_t link, std::size_t direction, const Impairment& impairment, bool drop_in_flight);
  DirectionCounters counters(std::size_t link, std::size_t direction);

  /// Calls back whenever this descriptor is readable, or its other end is gone.
  void watch(const os::Fd& descriptor, std::function<void()> callback);
  /// Serves until a callback says stop().
  void run();
  void stop() noexcept { stopping_ = true; }
  /// One round: waits for at most so long until something comes or is due, and does it.
  void turn(Nanoseconds longest);
  /// Writes what is left of the packet log.
  bool flush_log() noexcept { return log_.flush(); }
  /// The same at the end, when nobody counts any more: who waits or is on the way gets a line too, with `end` as
  /// reason.
  bool end_log();

 private:
  struct Port {
    os::Fd socket;                            // what is sent goes by this one
    std::vector<os::Fd> more;                 // of its group: what has no room in one comes by another
    std::uint64_t drops = 0;                  // of the kernel, for want of room in the socket
    bool wants_room = false;                  // EPOLLOUT
    std::size_t batch = ReceiveBatch::kMost;  // how many to read at once: few where they are large
    std::uint64_t readable = 0;               // a bit for each socket that may have frames
    std::size_t reading = 0;                  // the socket that was read last
    ArrivalOrder<Arrival> unsorted{};         // what was read when more than one had frames

    std::size_t size() const noexcept { return 1 + more.size(); }
    const os::Fd& at(std::size_t index) const { return index == 0 ? socket : more[index - 1]; }
  };
  /// Where the frames of one direction come from and go to, by number of the direction.
  Port& source(std::uint32_t direction) { return ports_[direction]; }
  Port& target(std::uint32_t direction) { return ports_[direction ^ 1U]; }

  std::uint32_t copy(std::uint32_t frame) override;

  // pump_receive.cpp: from the socket to the pipeline
  static constexpr std::uint64_t kAllSockets = ~std::uint64_t{0};
  void note_readable(std::uint32_t direction, std::uint64_t sockets);
  void receive_readable();
  void receive(std::uint32_t direction);
  void receive_from(std::uint32_t direction, std::size_t socket);
  int read_batch(std::uint32_t direction, std::size_t socket, std::size_t most);
  bool others_are_empty(const Port& port, std::size_t socket) const;
  void receive_sorted(std::uint32_t direction);
  void keep_all(std::uint32_t direction, std::size_t socket);
  void keep(std::uint32_t direction, std::size_t slot);
  /// The frame in this slot, read and understood; nothing: it is none.
  std::optional<Arrival> admit(std::uint32_t direction, std::size_t slot);
  void take(std::uint32_t direction, const Arrival& arrival);
  void offer_segments(std::uint32_t direction, const SuperFrame& super, Arrival arrival);
  void offer(std::uint32_t direction, const Arrival& arrival);
  /// Does what was decided; what is due by now and has nobody before it is collected for send_direct().
  void apply_decisions(std::uint32_t direction);
  void depart(std::uint32_t direction, const Decision& decision);
  void drop(std::uint32_t direction, const Decision& decision);
  std::uint32_t make_frame(std::uint32_t direction, std::size_t bytes);
  void leave_slot(std::uint32_t direction, std::uint32_t frame);
  void let_go(std::uint32_t direction, std::uint32_t frame) noexcept;

  // pump_send.cpp: from the pipeline to the socket
  void release_due();
  std::size_t send_due(std::uint32_t direction, Nanoseconds now);
  void send_direct(std::uint32_t direction);
  std::size_t transmit(std::uint32_t direction, std::span<const std::uint32_t> frames);
  bool is_refused(std::uint32_t direction, std::uint32_t frame, int error_number);
  bool send_in_pieces(std::uint32_t direction, const Frame& frame);
  void want_room(std::uint32_t direction, bool wanted);
  void look_again(std::uint32_t direction) { agenda_.set(direction, directions_[direction].next()); }
  void cut(std::uint32_t direction, std::uint32_t frame);
  void lose(std::uint32_t direction, std::uint32_t frame);
  void log(std::uint32_t direction, const Frame& frame, Nanoseconds out, std::string_view drop);
  static void note(Frame& frame, const Decision& decision) noexcept;

  Sleeper sleeper_;
  std::size_t max_direction_bytes_;
  PacketLog log_;
  FramePool pool_{kMaxBytes};
  std::vector<Port> ports_;               // two for each link
  std::deque<LinkDirection> directions_;  // the same; they do not move
  std::vector<std::uint32_t> positions_;  // of each link
  std::size_t begun_ = 0;                 // links
  Agenda agenda_;
  std::vector<std::function<void()>> watches_;
  ReceiveBatch received_;
  SendBatch to_send_;
  StampClock stamps_;
  Nanoseconds start_{0};
  std::vector<std::uint32_t> readable_;                     // ports with a socket that may have frames
  std::vector<std::uint32_t> serving_;                      // the same, of this turn
  std::array<std::uint32_t, ReceiveBatch::kMost> slots_{};  // frames to receive into
  std::vector<Decision> decisions_;
  std::vector<std::uint32_t> direct_;  // due at once, with nobody before them
  Nanoseconds now_{0};                 // of this batch
  std::uint32_t trains_ = 0;           // super-frames that were cut up: names for Frame::train
  std::uint32_t current_ = 0;          // the direction whose pipeline is at work, for copy()
  bool stopping_ = false;
};

}  // namespace dummynet::wire

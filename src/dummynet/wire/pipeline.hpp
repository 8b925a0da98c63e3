#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "dummynet/wire/impairment.hpp"

namespace dummynet::wire {

/// Control packets appear when they like (ARP, ND, MLD, router solicitation); the rest is data. Each class has its own
/// count and its own random streams, so that the n-th data packet meets the same fate in every run of one seed.
enum class PacketClass : std::uint8_t { data, control };

enum class Ecn : std::uint8_t { not_capable, capable, marked };  ///< RFC 3168: Not-ECT, ECT(0) or ECT(1), CE

/// A packet that has come to one end of a link. Times are on the monotonic clock; all that matters is that they are on
/// the same one.
struct Arrival {
  Nanoseconds at{0};        ///< when the kernel received it; may lie before what was decided last
  std::uint32_t bytes = 0;  ///< the frame on the wire, from its Ethernet header on, without checksum
  PacketClass packet_class = PacketClass::data;
  Ecn ecn = Ecn::not_capable;
  std::uint32_t frame = 0;  ///< the caller's name for it
};

enum class DropReason : std::uint8_t {
  loss,        ///< the loss model
  queue_full,  ///< no room
  codel,
  pie,
  link_down,
  trace_over,  ///< a trace that does not repeat has ended
};
inline constexpr std::size_t kDropReasons = 6;
std::string_view to_string(DropReason reason);

/// What happens to a frame. Each frame that was offered, and each copy, gets exactly one that is final: depart or drop.
struct Decision {
  enum class Kind : std::uint8_t {
    depart,  ///< is to be sent at `due`
    drop,
  };
  Kind kind = Kind::depart;
  DropReason reason{};
  PacketClass packet_class{};
  bool mark = false;           ///< depart: set CE, RFC 3168
  std::int64_t flip_bit = -1;  ///< depart: turn this bit of the frame, counted from its first byte's highest; -1: none
  std::uint32_t frame = 0;
  std::uint32_t bytes = 0;
  std::uint64_t number = 0;  ///< of its class in this direction, from 1; a copy has its original's
  Nanoseconds arrived{0};
  Nanoseconds due{0};  ///< depart: when; drop: when that was decided
};

/// What one direction has done so far. Packets are wire packets.
struct PipelineCounters {
  std::uint64_t offered_packets = 0, offered_bytes = 0;
  std::uint64_t departed_packets = 0, departed_bytes = 0;
  std::array<std::uint64_t, kDropReasons> drops{};
  std::uint64_t copies = 0, corrupted = 0, marked = 0, reordered = 0;
  std::uint64_t queue_packets = 0, queue_bytes = 0;          ///< now
  std::uint64_t max_queue_packets = 0, max_queue_bytes = 0;  ///< ever
  bool operator==(const PipelineCounters&) const = default;
};

/// One direction of a link: decides the fate of each packet. Pure: no clock, no input or output, all randomness from
/// the seed. A packet goes through, in this order:
///
///     link down? → loss → duplicate → corrupt → queue → rate → delay + jitter (or reorder) → departs
///
/// As with netem what is lost, doubled or turned is so before the queue. The caller calls advance() when next() has
/// come, and offer() for each arrival in the order they were read; being late with either changes no decision except
/// that of packets that arrive in between.
class Pipeline {
 public:
  /// Doubles a frame and returns the new one's name.
  class Frames {
   public:
    virtual ~Frames() = default;
    virtual std::uint32_t copy(std::uint32_t frame) = 0;
  };

  /// `seed`: this direction's own; see direction_seed(). `start`: time zero of schedules and traces. The impairment
  /// must have passed check_impairment(). `frames` must outlive it.
  Pipeline(Impairment impairment, std::uint64_t seed, Nanoseconds start, Frames& frames);
  ~Pipeline();
  Pipeline(Pipeline&&) noexcept;
  Pipeline& operator=(Pipeline&&) noexcept;

  /// Appends what is decided now, which may also concern packets that came before.
  void offer(const Arrival& arrival, std::vector<Decision>& decisions);
  /// When advance() is to be called at the latest for no packet to depart late: soon after a queued packet's turn.
  /// Nanoseconds::max(): nothing waits, or what waits never has its turn.
  Nanoseconds next() const noexcept;
  /// Carries out all that happens by itself until `now`.
  void advance(Nanoseconds now, std::vector<Decision>& decisions);

  /// From now on. What is queued stays queued (what has no room any more is dropped, the last first); who has already
  /// departed keeps its due time. Counts and random streams go on.
  void set(Impairment impairment, Nanoseconds now, std::vector<Decision>& decisions);
  /// What is queued is lost, for link_down; what has departed is the caller's.
  void drop_queued(Nanoseconds now, std::vector<Decision>& decisions);
  const Impairment& impairment() const noexcept;
  /// As of the last call.
  const PipelineCounters& counters() const noexcept;

 private:
  class State;
  std::unique_ptr<State> state_;  // a pimpl: the models stay out of the engine's door
};

/// The seed of one direction: of the run's seed, the link's position in the scenario and the direction (0: first end →
/// second). Links do not influence each other.
std::uint64_t direction_seed(std::uint64_t seed, std::uint32_t link, std::uint32_t direction) noexcept;

}  // namespace dummynet::wire

#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/net/network.hpp"
#include "dummynet/wire/impairment.hpp"
#include "dummynet/wire/pipeline.hpp"

namespace dummynet::wire {

/// Which way: as the link's endpoints were given.
enum class Direction : std::uint8_t { uplink, downlink };  ///< first → second, second → first

/// How late packets were released, in powers of two of a microsecond: [0] below 1 µs, [n] below 2^n µs.
struct LatenessHistogram {
  std::array<std::uint64_t, 32> buckets{};
  Nanoseconds max{0};
  /// The upper bound of the bucket that holds this share (0 to 1) of all.
  Nanoseconds quantile(double share) const noexcept;
  std::uint64_t count() const noexcept;
};

struct DirectionCounters {
  PipelineCounters fate{};
  LatenessHistogram lateness{};
  std::uint64_t own_losses = 0;    ///< the engine's own fault: no memory, refused by the kernel, missed in its buffer
  std::uint64_t late_packets = 0;  ///< later than max(1 ms, 5 % of the delay)
  std::uint64_t very_late_packets = 0;  ///< later than max(5 ms, 25 %)
  double achieved_bits_per_second = 0;  ///< while packets departed; 0: fewer than two
};

struct LinkCounters {
  std::array<DirectionCounters, 2> directions{};
};

/// One link whose packets' fate the engine decides.
struct EmulatedLink {
  std::size_t link = 0;  ///< position in the network's Topology; LinkSpec::cut
  std::array<Impairment, 2> directions{};
};

struct EngineOptions {
  std::uint64_t seed = 1;
  /// How long before a packet is due the engine stops sleeping and spins: more accurate, for up to this much CPU per
  /// release. 0: never.
  Nanoseconds spin{std::chrono::microseconds{100}};
  /// A line of JSON per packet: link, direction, class, number, bytes, in, out or drop. Empty: none.
  std::filesystem::path packet_log{};
};

/// The engine's door: a process of ours under the warden that carries frames between the cut ends of links.
/// Throws what Warden's calls throw; std::runtime_error with its last words when the engine has ended.
class LinkEngine {
 public:
  /// Packets pass when it returns. Both must outlive it; network.up() has been called.
  LinkEngine(ProcessMonitor& monitor, net::Network& network, std::vector<EmulatedLink> links,
             EngineOptions options = {});
  ~LinkEngine();
  LinkEngine(const LinkEngine&) = delete;
  LinkEngine& operator=(const LinkEngine&) = delete;

  /// From the next packet on; returns when that is so. `link`: position in the Topology.
  void set(std::size_t link, Direction direction, const Impairment& impairment);
  /// What several directions shall do, between two packets.
  struct Change {
    std::size_t link = 0;
    Direction direction{};
    Impairment impairment{};
    bool drop_in_flight = false;  ///< what is queued or on the way is lost as well: a cable that is cut
  };
  void set(const std::vector<Change>& changes);
  Impairment impairment(std::size_t link, Direction direction) const;

  /// One for each link given, in that order.
  std::vector<LinkCounters> counters();

  /// Called once from the monitor's poller if the engine ends before this object does, with its last words.
  void on_end(std::function<void(const std::string& why)> callback);

 private:
  class State;
  std::unique_ptr<State> state_;  // a pimpl: the control socket and its messages stay out of this door
};

}  // namespace dummynet::wire

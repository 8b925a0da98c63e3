#pragma once

#include <sys/types.h>

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
#include "dummynet/wire/counters.hpp"
#include "dummynet/wire/impairment.hpp"

namespace dummynet::wire {

/// Which way: as the link's endpoints were given.
enum class Direction : std::uint8_t { uplink, downlink };  ///< first → second, second → first

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
  /// Before all ordinary processes (SCHED_FIFO, sched(7)): truer to time on a busy machine, where else some packets are
  /// milliseconds late. Small packets in great number cost more CPU. For real root; refused to others.
  bool realtime = false;
  /// Room for frames that the engine has not read yet, e.g. while others have the CPU. `max_sockets` is set by the
  /// engine: an ordinary user's sockets are small (net.core.rmem_max), so up to 32 of them share the work at each end,
  /// 64 in all.
  net::CutRoom room{};
};

/// The engine's door: a process of ours under the warden that carries frames between the cut ends of links.
/// Throws what Warden's calls throw; std::runtime_error with its last words when the engine has ended.
class LinkEngine {
 public:
  /// Packets pass when it returns. Both must outlive it; network.up() has been called.
  LinkEngine(ProcessMonitor& monitor, net::Network& network, std::vector<EmulatedLink> links,
             const EngineOptions& options = {});
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

  /// The engine's process, as this program sees it.
  pid_t pid() const;

  /// Called once from the monitor's poller if the engine ends before this object does, with its last words.
  void on_end(std::function<void(const std::string& why)> callback);

 private:
  class State;
  std::unique_ptr<State> state_;  // a pimpl: the control socket and its messages stay out of this door
};

}  // namespace dummynet::wire

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/net/network.hpp"
#include "dummynet/wire/impairment.hpp"
#include "dummynet/wire/impairment_check.hpp"
#include "dummynet/wire/link_engine.hpp"

namespace dummynet::wire {

/// What of an impairment the kernel cannot do, each with what can: "… use `emulation: engine`". Empty: KernelLinks can
/// carry it out, on a kernel that has what it needs. check_impairment() comes first.
std::vector<ImpairmentComplaint> check_kernel_backend(const Impairment& impairment);

/// In what the kernel's way of doing it is another than the engine's, a sentence each, for whoever reads the results.
std::vector<std::string> kernel_backend_differences(const Impairment& impairment, bool has_netem);

/// Whether this kernel has netem, tc-netem(8); loads its module where that is allowed. Needs a monitor with `sandbox`.
bool kernel_has_netem(ProcessMonitor& monitor);
/// Whether the impairment needs it: a rate, and being down, do not.
bool needs_netem(const Impairment& impairment);

/// What the kernel says of one direction. It does not say why it dropped something.
struct KernelCounters {
  std::uint64_t departed_packets = 0, departed_bytes = 0;  ///< wire packets but where the delay is all there is
  std::uint64_t dropped_packets = 0;
  std::uint64_t waiting_packets = 0, waiting_bytes = 0;  ///< now, those on their way included
  bool operator==(const KernelCounters&) const = default;
};

/// The second backend: the fate of links, as far as the kernel can decide it, put on both ends of plain veth links as
/// queueing disciplines (netem, tbf and queues behind them; see wire/kernel_plan.hpp). Each is read back and compared.
/// What the kernel refuses is thrown as std::system_error; a kernel that has something else than what was asked for is
/// a std::runtime_error that names the property and both values.
class KernelLinks {
 public:
  /// `links`: veth links that are not cut. Both references must outlive it; network.up() has been called. It holds when
  /// this returns, and as long as the network lives.
  KernelLinks(ProcessMonitor& monitor, const net::Network& network, const std::vector<EmulatedLink>& links,
              std::uint64_t seed = 1);
  ~KernelLinks();
  KernelLinks(const KernelLinks&) = delete;
  KernelLinks& operator=(const KernelLinks&) = delete;

  /// From the next packet on. What is queued or on its way stays so where only values change (in a netem even with the
  /// time that it was given); where another chain of queueing disciplines is needed, it is lost. Counters go on. Random
  /// streams begin anew.
  void set(std::size_t link, Direction direction, const Impairment& impairment);
  const Impairment& impairment(std::size_t link, Direction direction) const;

  /// One pair for each link given, in that order.
  std::vector<std::array<KernelCounters, 2>> counters();
  /// Whether the random streams follow the seed: from Linux 6.6 on, and where nothing is random.
  bool is_seeded() const noexcept;

 private:
  class State;
  std::unique_ptr<State> state_;  // a pimpl: netlink stays out of this door
};

}  // namespace dummynet::wire

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "dummynet/net/netlink.hpp"

/// The kernel's queueing disciplines, those that can be part of a link's fate: tc(8). Each value is what the kernel is
/// asked for, and what it says that it has.
namespace dummynet::net {

/// tc-netem(8). Chances are from 0 to 1; the kernel keeps 32 bits of them.
struct NetemQdisc {
  std::chrono::nanoseconds delay{0};
  std::chrono::nanoseconds jitter{0};
  std::vector<std::int16_t> table{};  ///< deviates in units of jitter / 8192; none: uniform. Never read back.
  double loss = 0;                    ///< each packet by itself
  struct Bursts {
    double p = 0, r = 0;  ///< good → bad, bad → good
    double loss_bad = 0, loss_good = 0;
    bool operator==(const Bursts&) const = default;
  };
  std::optional<Bursts> bursts{};  ///< Gilbert–Elliott, in the place of `loss`
  double duplicate = 0;
  double corrupt = 0;
  double reorder = 0;  ///< of each `gap`-th packet
  std::uint32_t gap = 0;
  std::uint64_t bytes_per_second = 0;  ///< 0: as fast as it goes
  std::int32_t overhead_bytes = 0;
  std::uint32_t limit_packets = 0;
  std::optional<std::uint64_t> seed{};  ///< from Linux 6.6 on; before, it is not read back
  bool operator==(const NetemQdisc&) const = default;
};

/// tc-tbf(8), whose only child is the next of a chain.
struct TbfQdisc {
  std::uint64_t bytes_per_second = 0;
  std::uint16_t overhead_bytes = 0;
  /// What passes at once; whatever is longer is cut into its segments, or dropped if it has none. Never read back.
  std::uint32_t burst_bytes = 0;
  std::uint32_t limit_bytes = 0;  ///< of its own queue; 0: it has none and drops everything until it has a child
  bool operator==(const TbfQdisc&) const = default;
};

/// tc-pfifo(8) and tc-bfifo(8).
struct FifoQdisc {
  enum class Kind : std::uint8_t { packets, bytes, packets_drop_head };
  Kind kind = Kind::packets;
  std::uint32_t limit = 0;
  bool operator==(const FifoQdisc&) const = default;
};

/// tc-codel(8). The kernel keeps times in microseconds, more or less.
struct CodelQdisc {
  std::uint32_t limit_packets = 0;
  std::chrono::microseconds target{0};
  std::chrono::microseconds interval{0};
  bool ecn = false;
  bool operator==(const CodelQdisc&) const = default;
};

/// tc-pie(8). The kernel keeps `update` in its ticks, up to 10 ms long.
struct PieQdisc {
  std::uint32_t limit_packets = 0;
  std::chrono::microseconds target{0};
  std::chrono::microseconds update{0};
  bool ecn = false;
  bool operator==(const PieQdisc&) const = default;
};

/// Drops everything.
struct BlackholeQdisc {
  bool operator==(const BlackholeQdisc&) const = default;
};

using Qdisc = std::variant<BlackholeQdisc, NetemQdisc, TbfQdisc, FifoQdisc, CodelQdisc, PieQdisc>;

/// "netem", "tbf", "pfifo" …
const char* kind_of(const Qdisc& qdisc);

/// Where it stands: each qdisc that has one has one child, and "root" is an interface's first.
struct QdiscPlace {
  std::uint32_t index = 0;   ///< the interface
  std::uint32_t handle = 0;  ///< 0: the kernel's choice
  std::uint32_t parent = 0;  ///< TC_H_ROOT, or a class of another qdisc
};
/// The `position`-th of a chain that has a `generation` of its own, from 0: handles that no other one has.
QdiscPlace place_in_chain(std::uint32_t index, std::uint32_t generation, std::size_t position);

/// What is there changes, if it is of the same kind and has this handle; else it is made, in the place of what is there
/// if `replace`, or refused with EEXIST. `object` names the interface in errors.
NetlinkRequest set_qdisc(const QdiscPlace& place, const Qdisc& qdisc, bool replace, const std::string& object);
/// The root, with all that stands on it. `object` names it in errors.
NetlinkRequest delete_qdisc(std::uint32_t index, const std::string& object);
/// Carries out set_qdisc(). Where the kernel has no such qdisc, the std::system_error (ENOENT) says how to mend it, and
/// what to do `instead`.
void apply_qdisc(NetlinkSocket& socket, NetlinkRequest request, const char* kind, const std::string& instead = {});

struct QdiscCounters {
  std::uint64_t packets = 0, bytes = 0;                  ///< that left it
  std::uint64_t drops = 0;                               ///< its own and those of what stands on it
  std::uint64_t waiting_packets = 0, waiting_bytes = 0;  ///< now; in it and in what stands on it
  bool operator==(const QdiscCounters&) const = default;
};

/// What an interface has, read back from the kernel.
struct QdiscState {
  std::string kind{};            ///< "netem", or another's: "fq_codel", "noqueue"
  std::uint32_t handle = 0;      ///< 0: the kernel's default
  std::uint32_t parent = 0;      ///< TC_H_ROOT, or a class of another qdisc
  std::optional<Qdisc> qdisc{};  ///< of the kinds above
  QdiscCounters counters{};
};

/// From the root on down, each on the one before it; of several children, the first. Empty before it has any.
std::vector<QdiscState> read_qdiscs(NetlinkSocket& socket, std::uint32_t index, const std::string& object);

/// The first property in which the kernel's differs from what was asked, by more than it can keep: "loss: asked for 1%,
/// the kernel has 0%". Both of the same kind. What is never read back is taken on trust.
std::optional<std::string> find_difference(const Qdisc& asked, const Qdisc& has);

}  // namespace dummynet::net

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dummynet::net {

class NetlinkRequest;
class NetlinkSocket;

/// The fate of what an interface sends, decided by the kernel: tc(8).
struct TcOptions {
  /// Each packet leaves this much later. 0 to 2 minutes; the kernel counts in nanoseconds.
  std::chrono::nanoseconds delay{0};
  /// Chance of each packet to be dropped, in percent, 0 to 100.
  double loss_percent = 0;
  /// Ethernet frames' bits per microsecond, 0.001 to 1,000,000; nothing: as fast as it goes.
  std::optional<double> rate_mbit{};
  /// How many packets may wait at once, those that are being delayed included; what comes beyond is dropped. From 1 on.
  /// Default: see default_limit_packets().
  std::optional<std::uint32_t> limit_packets{};
  bool operator==(const TcOptions&) const = default;
};

/// Room for what is on the way during the delay, and for a queue of twice as much before the rate, at least 20 packets.
/// Without a rate 10 Gbit/s are assumed, and at least 1,000 packets. Packets of 1,500 bytes.
std::uint32_t default_limit_packets(const TcOptions& options);

/// Which of the kernel's queueing disciplines does it: "tbf" (tc-tbf(8)) for a rate alone, which every kernel has that
/// has any, else "netem" (tc-netem(8)).
const char* qdisc_for(const TcOptions& options);

/// What an interface has, read back from the kernel.
struct TcState {
  std::string kind{};  ///< "netem", "tbf", or another's: "fq_codel", "noqueue"
  std::chrono::nanoseconds delay{0};
  double loss_percent = 0;  ///< the kernel keeps 32 bits of it
  std::optional<double> rate_mbit{};
  std::optional<std::uint32_t> limit_packets{};
  std::optional<std::uint32_t> limit_bytes{};  ///< tbf counts bytes
  bool operator==(const TcState&) const = default;
};

/// What is wrong with them: std::invalid_argument.
void check_tc(const TcOptions& options);

/// Makes it the interface's root qdisc. `replace`: in the place of another one that somebody has set; else that is
/// refused with EEXIST. `mtu_bytes` is the interface's. `object` names it in errors.
NetlinkRequest set_qdisc(std::uint32_t index, const TcOptions& options, std::uint32_t mtu_bytes, bool replace,
                         const std::string& object);
/// The interface's root qdisc; nothing before it has any.
std::optional<TcState> read_qdisc(NetlinkSocket& socket, std::uint32_t index, const std::string& object);

}  // namespace dummynet::net

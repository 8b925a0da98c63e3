#include "dummynet/net/tc.hpp"

#include <linux/pkt_sched.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string_view>

#include "dummynet/net/netlink.hpp"
#include "dummynet/net/qdisc.hpp"

namespace dummynet::net {

namespace {

using std::chrono::nanoseconds;

constexpr double kBitsPerPacket = 8 * 1500;
constexpr double kAssumedMbit = 10'000;
constexpr std::uint32_t kHeaderBytes = 22;  // Ethernet's and two VLAN tags
constexpr double kBurstSeconds = 0.004;     // a tick of the slowest clock, so that the rate is kept

std::uint64_t bytes_per_second(double mbit) { return static_cast<std::uint64_t>(std::llround(mbit * 1e6 / 8)); }
double mbit_of(std::uint64_t bytes_per_second) { return static_cast<double>(bytes_per_second) * 8 / 1e6; }

Qdisc netem_for(const TcOptions& options, std::uint32_t limit_packets) {
  NetemQdisc netem;
  netem.delay = options.delay;
  netem.loss = options.loss_percent / 100;
  netem.limit_packets = limit_packets;
  if (options.rate_mbit) netem.bytes_per_second = bytes_per_second(*options.rate_mbit);
  return netem;
}

Qdisc tbf_for(const TcOptions& options, std::uint32_t limit_packets, std::uint32_t mtu_bytes) {
  TbfQdisc tbf;
  const std::uint32_t packet_bytes = mtu_bytes + kHeaderBytes;
  tbf.bytes_per_second = bytes_per_second(options.rate_mbit.value());
  tbf.limit_bytes =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(std::uint64_t{limit_packets} * packet_bytes, 0xffff'ffff));
  // What is larger is cut; a burst below the packet would let nothing through.
  tbf.burst_bytes = static_cast<std::uint32_t>(
      std::clamp(static_cast<double>(tbf.bytes_per_second) * kBurstSeconds, static_cast<double>(packet_bytes), 1e9));
  return tbf;
}

std::optional<double> mbit_unless_zero(std::uint64_t bytes_per_second) {
  return bytes_per_second == 0 ? std::nullopt : std::optional{mbit_of(bytes_per_second)};
}

}  // namespace

std::uint32_t default_limit_packets(const TcOptions& options) {
  const double seconds = std::chrono::duration<double>(options.delay).count();
  const double on_the_way = options.rate_mbit.value_or(kAssumedMbit) * 1e6 * seconds / kBitsPerPacket;
  const double queue = std::max(2 * on_the_way, 20.0);
  const double packets = std::max(std::ceil(on_the_way + queue), options.rate_mbit ? 0.0 : 1000.0);
  return static_cast<std::uint32_t>(std::min(packets, 100e6));
}

const char* qdisc_for(const TcOptions& options) {
  return options.rate_mbit && options.delay.count() == 0 && options.loss_percent == 0 ? "tbf" : "netem";
}

void check_tc(const TcOptions& options) {
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw std::invalid_argument{std::string{"tc: "} + what};
  };
  require(options.delay >= nanoseconds{0} && options.delay <= std::chrono::minutes{2}, "a delay is 0 to 2 minutes");
  require(options.loss_percent >= 0 && options.loss_percent <= 100, "a loss is 0 to 100 percent");
  require(!options.rate_mbit || (*options.rate_mbit >= 0.001 && *options.rate_mbit <= 1e6),
          "a rate is 0.001 to 1,000,000 Mbit/s");
  require(options.limit_packets.value_or(1) >= 1, "at least one packet must have room");
}

NetlinkRequest set_qdisc(std::uint32_t index, const TcOptions& options, std::uint32_t mtu_bytes, bool replace,
                         const std::string& object) {
  check_tc(options);
  const std::uint32_t limit = options.limit_packets.value_or(default_limit_packets(options));
  const bool is_tbf = std::string_view{qdisc_for(options)} == "tbf";
  const Qdisc qdisc = is_tbf ? tbf_for(options, limit, mtu_bytes) : netem_for(options, limit);
  return set_qdisc({index, 0, TC_H_ROOT}, qdisc, replace, object);
}

std::optional<TcState> read_qdisc(NetlinkSocket& socket, std::uint32_t index, const std::string& object) {
  const std::vector<QdiscState> chain = read_qdiscs(socket, index, object);
  if (chain.empty()) return std::nullopt;
  TcState state;
  state.kind = chain.front().kind;
  if (!chain.front().qdisc) return state;
  if (const auto* netem = std::get_if<NetemQdisc>(&*chain.front().qdisc)) {
    state.delay = netem->delay;
    state.loss_percent = netem->loss * 100;
    state.limit_packets = netem->limit_packets;
    state.rate_mbit = mbit_unless_zero(netem->bytes_per_second);
  }
  if (const auto* tbf = std::get_if<TbfQdisc>(&*chain.front().qdisc)) {
    state.rate_mbit = mbit_of(tbf->bytes_per_second);
    state.limit_bytes = tbf->limit_bytes;
  }
  return state;
}

}  // namespace dummynet::net

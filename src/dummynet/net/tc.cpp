#include "dummynet/net/tc.hpp"

#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <stdexcept>
#include <system_error>

#include "dummynet/net/netlink.hpp"
#include "dummynet/os/check.hpp"

namespace dummynet::net {

namespace {

using std::chrono::nanoseconds;

constexpr double kBitsPerPacket = 8 * 1500;
constexpr double kAssumedMbit = 10'000;
constexpr double kFullLoss = 4294967295.0;
constexpr std::uint32_t kHeaderBytes = 22;     // Ethernet's and two VLAN tags
constexpr double kBurstSeconds = 0.004;        // a tick of the slowest clock, so that the rate is kept
constexpr std::int64_t kTickNanoseconds = 64;  // PSCHED_SHIFT

std::uint64_t bytes_per_second(double mbit) { return static_cast<std::uint64_t>(std::llround(mbit * 1e6 / 8)); }
double mbit_of(std::uint64_t bytes_per_second) { return static_cast<double>(bytes_per_second) * 8 / 1e6; }

template <typename Struct>
std::span<const std::uint8_t> raw(const Struct& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

NetlinkRequest request_for(std::uint16_t type, std::uint16_t flags, std::uint32_t index, const std::string& object) {
  NetlinkRequest request{type, flags, object};
  auto& header = request.header<tcmsg>();
  header.tcm_family = AF_UNSPEC;
  header.tcm_ifindex = static_cast<int>(index);
  header.tcm_parent = TC_H_ROOT;
  return request;
}

void put_netem(NetlinkRequest& request, const TcOptions& options, std::uint32_t limit_packets) {
  // Its options are a struct with attributes behind it.
  tc_netem_qopt parameters{};
  parameters.latency = static_cast<std::uint32_t>(
      std::min<std::int64_t>(options.delay.count() / kTickNanoseconds, std::int64_t{0xffff'ffff}));
  parameters.limit = limit_packets;
  parameters.loss = static_cast<std::uint32_t>(std::llround(options.loss_percent / 100 * kFullLoss));
  const auto nest = request.nest(TCA_OPTIONS);
  request.append_bytes(raw(parameters));
  request.put_bytes(TCA_NETEM_LATENCY64, raw(static_cast<std::int64_t>(options.delay.count())));
  if (options.rate_mbit) {
    const std::uint64_t rate = bytes_per_second(*options.rate_mbit);
    tc_netem_rate parameters_of_rate{};
    parameters_of_rate.rate = static_cast<std::uint32_t>(std::min<std::uint64_t>(rate, 0xffff'ffff));
    if (rate > 0xffff'ffff) request.put_bytes(TCA_NETEM_RATE64, raw(rate));
    request.put_bytes(TCA_NETEM_RATE, raw(parameters_of_rate));
  }
}

void put_tbf(NetlinkRequest& request, const TcOptions& options, std::uint32_t limit_packets, std::uint32_t mtu_bytes) {
  const std::uint64_t rate = bytes_per_second(options.rate_mbit.value());
  const std::uint32_t packet_bytes = mtu_bytes + kHeaderBytes;
  tc_tbf_qopt parameters{};
  parameters.rate.rate = static_cast<std::uint32_t>(std::min<std::uint64_t>(rate, 0xffff'ffff));
  parameters.rate.linklayer = TC_LINKLAYER_ETHERNET;  // said, so that the kernel asks for no table to guess it from
  parameters.limit =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(std::uint64_t{limit_packets} * packet_bytes, 0xffff'ffff));
  // What is larger is cut; a burst below the packet would let nothing through.
  const auto burst = static_cast<std::uint32_t>(
      std::clamp(static_cast<double>(rate) * kBurstSeconds, static_cast<double>(packet_bytes), 1e9));
  const auto nest = request.nest(TCA_OPTIONS);
  request.put_bytes(TCA_TBF_PARMS, raw(parameters));
  request.put_u32(TCA_TBF_BURST, burst);
  if (rate > 0xffff'ffff) request.put_bytes(TCA_TBF_RATE64, raw(rate));
}

/// A struct of the kernel's, maybe of another version's length.
template <typename Struct>
Struct read_struct(const nlattr* attribute) {
  Struct value{};
  std::memcpy(&value, mnl_attr_get_payload(attribute),
              std::min<std::size_t>(sizeof value, mnl_attr_get_payload_len(attribute)));
  return value;
}

void read_netem(const nlattr* options, TcState& state) {
  const auto parameters = read_struct<tc_netem_qopt>(options);
  state.delay = nanoseconds{parameters.latency * kTickNanoseconds};
  state.loss_percent = parameters.loss / kFullLoss * 100;
  state.limit_packets = parameters.limit;
  const auto* payload = static_cast<const char*>(mnl_attr_get_payload(options));
  const std::size_t size = mnl_attr_get_payload_len(options);
  if (size <= MNL_ALIGN(sizeof parameters)) return;
  const auto take = [](const nlattr* attribute, void* destination) {
    TcState& into = *static_cast<TcState*>(destination);
    switch (mnl_attr_get_type(attribute)) {
      case TCA_NETEM_LATENCY64:
        into.delay = nanoseconds{read_struct<std::int64_t>(attribute)};
        break;
      case TCA_NETEM_RATE:
        if (const auto rate = read_struct<tc_netem_rate>(attribute).rate; rate != 0 && !into.rate_mbit) {
          into.rate_mbit = mbit_of(rate);
        }
        break;
      case TCA_NETEM_RATE64:
        into.rate_mbit = mbit_of(read_struct<std::uint64_t>(attribute));
        break;
      default:
        break;
    }
    return MNL_CB_OK;
  };
  mnl_attr_parse_payload(payload + MNL_ALIGN(sizeof parameters), size - MNL_ALIGN(sizeof parameters), take, &state);
}

void read_tbf(const nlattr* options, TcState& state) {
  const auto take = [](const nlattr* attribute, void* destination) {
    TcState& into = *static_cast<TcState*>(destination);
    if (mnl_attr_get_type(attribute) == TCA_TBF_PARMS) {
      const auto parameters = read_struct<tc_tbf_qopt>(attribute);
      if (!into.rate_mbit) into.rate_mbit = mbit_of(parameters.rate.rate);
      into.limit_bytes = parameters.limit;
    }
    if (mnl_attr_get_type(attribute) == TCA_TBF_RATE64) into.rate_mbit = mbit_of(read_struct<std::uint64_t>(attribute));
    return MNL_CB_OK;
  };
  mnl_attr_parse_nested(options, take, &state);
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
  const std::string kind = qdisc_for(options);
  const auto how = static_cast<std::uint16_t>(NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL));
  NetlinkRequest request = request_for(RTM_NEWQDISC, how, index, "qdisc " + kind + " on " + object);
  request.put(TCA_KIND, kind);
  const std::uint32_t limit = options.limit_packets.value_or(default_limit_packets(options));
  if (kind == "tbf") {
    put_tbf(request, options, limit, mtu_bytes);
  } else {
    put_netem(request, options, limit);
  }
  return request;
}

NetlinkRequest delete_qdisc(std::uint32_t index, const std::string& object) {
  return request_for(RTM_DELQDISC, 0, index, "qdisc of " + object);
}

void apply_qdisc(NetlinkSocket& socket, NetlinkRequest request, const char* kind) {
  try {
    socket.run({&request, 1});
  } catch (const std::system_error& error) {
    // The kernel says the same of an interface that is gone, but then with ENODEV.
    if (error.code().value() != ENOENT) throw;
    const std::string name{kind};
    std::string upper = name;
    std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
    os::throw_errno(ENOENT, request.object() + ": this kernel has no " + name + " (CONFIG_NET_SCH_" + upper +
                                "). Where it is a module, root can load it: modprobe sch_" + name +
                                "; some systems keep it in a package of extra kernel modules");
  }
}

std::optional<TcState> read_qdisc(NetlinkSocket& socket, std::uint32_t index, const std::string& object) {
  NetlinkRequest request{RTM_GETQDISC, 0, "qdiscs of " + object};
  request.header<tcmsg>().tcm_ifindex = static_cast<int>(index);
  std::optional<TcState> found;
  socket.dump(request, [&](const nlmsghdr* message) {
    if (message == nullptr) return found.reset();
    if (message->nlmsg_type != RTM_NEWQDISC || mnl_nlmsg_get_payload_len(message) < sizeof(tcmsg)) return;
    const auto* header = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(message));
    if (static_cast<std::uint32_t>(header->tcm_ifindex) != index || header->tcm_parent != TC_H_ROOT) return;
    struct Seen {
      std::string kind;
      const nlattr* options = nullptr;
    } seen;
    const auto take = [](const nlattr* attribute, void* destination) {
      Seen& into = *static_cast<Seen*>(destination);
      if (mnl_attr_get_type(attribute) == TCA_KIND) into.kind = mnl_attr_get_str(attribute);
      if (mnl_attr_get_type(attribute) == TCA_OPTIONS) into.options = attribute;
      return MNL_CB_OK;
    };
    mnl_attr_parse(message, sizeof(tcmsg), take, &seen);
    TcState state;
    state.kind = seen.kind;
    if (seen.options != nullptr && seen.kind == "netem") read_netem(seen.options, state);
    if (seen.options != nullptr && seen.kind == "tbf") read_tbf(seen.options, state);
    found = std::move(state);
  });
  return found;
}

}  // namespace dummynet::net

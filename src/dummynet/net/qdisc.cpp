#include "dummynet/net/qdisc.hpp"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <system_error>

#include "dummynet/net/qdisc_numbers.hpp"
#include "dummynet/os/check.hpp"

namespace dummynet::net {

namespace {

constexpr std::uint32_t kHandlesPerChain = 16;  // chains are shorter
constexpr std::uint32_t kGenerations = 4000;  // the numbers of qdiscs have 16 bits, the upper half is the kernel's own

template <typename Struct>
std::span<const std::uint8_t> raw(const Struct& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

std::uint32_t low_bits(std::uint64_t rate) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(rate, 0xffff'ffff));
}

NetlinkRequest request_for(std::uint16_t type, std::uint16_t flags, const QdiscPlace& place, std::string object,
                           std::size_t room) {
  NetlinkRequest request{type, flags, std::move(object), room};
  auto& header = request.header<tcmsg>();
  header.tcm_family = AF_UNSPEC;
  header.tcm_ifindex = static_cast<int>(place.index);
  header.tcm_handle = place.handle;
  header.tcm_parent = place.parent;
  return request;
}

void put_loss(NetlinkRequest& request, const NetemQdisc& netem) {
  if (!netem.bursts) return;
  const auto model = request.nest(TCA_NETEM_LOSS);
  tc_netem_gemodel chain{};
  chain.p = to_chance(netem.bursts->p);
  chain.r = to_chance(netem.bursts->r);
  chain.h = to_chance(1 - netem.bursts->loss_bad);
  chain.k1 = to_chance(netem.bursts->loss_good);
  request.put_bytes(NETEM_LOSS_GE, raw(chain));
}

/// A change leaves out nothing: what is not said would stay as it was.
void put(NetlinkRequest& request, const NetemQdisc& netem) {
  // Its options are a struct with attributes behind it.
  tc_netem_qopt parameters{};
  parameters.latency = low_bits(static_cast<std::uint64_t>(netem.delay.count() / kTickNanoseconds));
  parameters.jitter = low_bits(static_cast<std::uint64_t>(netem.jitter.count() / kTickNanoseconds));
  parameters.limit = netem.limit_packets;
  parameters.loss = netem.bursts ? 0 : to_chance(netem.loss);
  parameters.duplicate = to_chance(netem.duplicate);
  parameters.gap = netem.reorder > 0 ? netem.gap : 0;
  const auto nest = request.nest(TCA_OPTIONS);
  request.append_bytes(raw(parameters));
  request.put_bytes(TCA_NETEM_LATENCY64, raw(static_cast<std::int64_t>(netem.delay.count())));
  request.put_bytes(TCA_NETEM_JITTER64, raw(static_cast<std::int64_t>(netem.jitter.count())));
  request.put_bytes(TCA_NETEM_REORDER, raw(tc_netem_reorder{to_chance(netem.reorder), 0}));
  request.put_bytes(TCA_NETEM_CORRUPT, raw(tc_netem_corrupt{to_chance(netem.corrupt), 0}));
  put_loss(request, netem);
  tc_netem_rate rate{};
  rate.rate = low_bits(netem.bytes_per_second);
  rate.packet_overhead = netem.overhead_bytes;
  if (netem.bytes_per_second > 0xffff'ffff) request.put_bytes(TCA_NETEM_RATE64, raw(netem.bytes_per_second));
  request.put_bytes(TCA_NETEM_RATE, raw(rate));
  if (!netem.table.empty()) {
    request.put_bytes(TCA_NETEM_DELAY_DIST, {reinterpret_cast<const std::uint8_t*>(netem.table.data()),
                                             netem.table.size() * sizeof netem.table.front()});
  }
  if (netem.seed) request.put_bytes(kNetemSeed, raw(*netem.seed));
}

void put(NetlinkRequest& request, const TbfQdisc& tbf) {
  tc_tbf_qopt parameters{};
  parameters.rate.rate = low_bits(tbf.bytes_per_second);
  parameters.rate.overhead = tbf.overhead_bytes;
  parameters.rate.linklayer = TC_LINKLAYER_ETHERNET;  // said, so that the kernel asks for no table to guess it from
  parameters.limit = tbf.limit_bytes;
  const auto nest = request.nest(TCA_OPTIONS);
  request.put_bytes(TCA_TBF_PARMS, raw(parameters));
  request.put_u32(TCA_TBF_BURST, tbf.burst_bytes);
  if (tbf.bytes_per_second > 0xffff'ffff) request.put_bytes(TCA_TBF_RATE64, raw(tbf.bytes_per_second));
}

void put(NetlinkRequest& request, const FifoQdisc& fifo) {
  request.put_bytes(TCA_OPTIONS, raw(tc_fifo_qopt{fifo.limit}));
}

void put(NetlinkRequest& request, const CodelQdisc& codel) {
  const auto nest = request.nest(TCA_OPTIONS);
  request.put_u32(TCA_CODEL_TARGET, static_cast<std::uint32_t>(codel.target.count()));
  request.put_u32(TCA_CODEL_LIMIT, codel.limit_packets);
  request.put_u32(TCA_CODEL_INTERVAL, static_cast<std::uint32_t>(codel.interval.count()));
  request.put_u32(TCA_CODEL_ECN, codel.ecn ? 1 : 0);
}

void put(NetlinkRequest& request, const PieQdisc& pie) {
  const auto nest = request.nest(TCA_OPTIONS);
  request.put_u32(TCA_PIE_TARGET, static_cast<std::uint32_t>(pie.target.count()));
  request.put_u32(TCA_PIE_LIMIT, pie.limit_packets);
  request.put_u32(TCA_PIE_TUPDATE, static_cast<std::uint32_t>(pie.update.count()));
  request.put_u32(TCA_PIE_ECN, pie.ecn ? 1 : 0);
}

void put(NetlinkRequest&, const BlackholeQdisc&) {}

std::size_t room_for(const Qdisc& qdisc) {
  const auto* netem = std::get_if<NetemQdisc>(&qdisc);
  return NetlinkRequest::kUsualBytes + (netem ? netem->table.size() * sizeof(std::int16_t) : 0);
}

}  // namespace

const char* kind_of(const Qdisc& qdisc) {
  constexpr std::array<const char*, std::variant_size_v<Qdisc>> kKinds{"blackhole", "netem", "tbf",
                                                                       nullptr,     "codel", "pie"};
  if (const auto* fifo = std::get_if<FifoQdisc>(&qdisc)) {
    constexpr std::array<const char*, 3> kFifos{"pfifo", "bfifo", "pfifo_head_drop"};
    return kFifos.at(static_cast<std::size_t>(fifo->kind));
  }
  return kKinds.at(qdisc.index());
}

QdiscPlace place_in_chain(std::uint32_t index, std::uint32_t generation, std::size_t position) {
  const auto handle = [&](std::size_t i) {
    const std::uint32_t number = 1 + generation % (kGenerations / 2) * kHandlesPerChain + static_cast<std::uint32_t>(i);
    return number << 16U;
  };
  // netem and tbf have one class each, whose minor number is 1.
  return {index, handle(position), position == 0 ? TC_H_ROOT : handle(position - 1) | 1U};
}

NetlinkRequest set_qdisc(const QdiscPlace& place, const Qdisc& qdisc, bool replace, const std::string& object) {
  const std::string kind = kind_of(qdisc);
  const auto how = static_cast<std::uint16_t>(NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL));
  NetlinkRequest request = request_for(RTM_NEWQDISC, how, place, "qdisc " + kind + " on " + object, room_for(qdisc));
  request.put(TCA_KIND, kind);
  std::visit([&](const auto& one) { put(request, one); }, qdisc);
  return request;
}

NetlinkRequest delete_qdisc(std::uint32_t index, const std::string& object) {
  return request_for(RTM_DELQDISC, 0, {index, 0, TC_H_ROOT}, "qdisc of " + object, NetlinkRequest::kUsualBytes);
}

void apply_qdisc(NetlinkSocket& socket, NetlinkRequest request, const char* kind, const std::string& instead) {
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
                                "; some systems keep it in a package of extra kernel modules" +
                                (instead.empty() ? "" : "; or " + instead));
  }
}

}  // namespace dummynet::net

// What the kernel says of its queueing disciplines, and whether that is what was asked for.
#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <string_view>

#include "dummynet/net/qdisc.hpp"
#include "dummynet/net/qdisc_numbers.hpp"

namespace dummynet::net {

namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

/// A struct of the kernel's, maybe of another version's length.
template <typename Struct>
Struct read_struct(const nlattr* attribute) {
  Struct value{};
  std::memcpy(&value, mnl_attr_get_payload(attribute),
              std::min<std::size_t>(sizeof value, mnl_attr_get_payload_len(attribute)));
  return value;
}

using Visit = std::function<void(std::uint16_t type, const nlattr* attribute)>;

int call_visit(const nlattr* attribute, void* visit) {
  (*static_cast<const Visit*>(visit))(mnl_attr_get_type(attribute), attribute);
  return MNL_CB_OK;
}

void for_each_in(const nlattr* nest, Visit visit) { mnl_attr_parse_nested(nest, call_visit, &visit); }

/// The attributes behind a struct of so many bytes.
void for_each_behind(const nlattr* attribute, std::size_t bytes, Visit visit) {
  const auto* payload = static_cast<const char*>(mnl_attr_get_payload(attribute));
  const std::size_t size = mnl_attr_get_payload_len(attribute);
  const std::size_t start = MNL_ALIGN(bytes);
  if (size > start) mnl_attr_parse_payload(payload + start, size - start, call_visit, &visit);
}

void read_loss(const nlattr* model, NetemQdisc& netem) {
  for_each_in(model, [&](std::uint16_t type, const nlattr* attribute) {
    if (type != NETEM_LOSS_GE) return;
    const auto chain = read_struct<tc_netem_gemodel>(attribute);
    netem.bursts = {from_chance(chain.p), from_chance(chain.r), 1 - from_chance(chain.h), from_chance(chain.k1)};
  });
}

Qdisc read_netem(const nlattr* options) {
  const auto parameters = read_struct<tc_netem_qopt>(options);
  NetemQdisc netem;
  netem.delay = nanoseconds{parameters.latency * kTickNanoseconds};
  netem.jitter = nanoseconds{parameters.jitter * kTickNanoseconds};
  netem.loss = from_chance(parameters.loss);
  netem.duplicate = from_chance(parameters.duplicate);
  netem.limit_packets = parameters.limit;
  netem.gap = parameters.gap;
  std::uint64_t long_rate = 0;
  for_each_behind(options, sizeof parameters, [&](std::uint16_t type, const nlattr* attribute) {
    if (type == TCA_NETEM_LATENCY64) netem.delay = nanoseconds{read_struct<std::int64_t>(attribute)};
    if (type == TCA_NETEM_JITTER64) netem.jitter = nanoseconds{read_struct<std::int64_t>(attribute)};
    if (type == TCA_NETEM_REORDER) netem.reorder = from_chance(read_struct<tc_netem_reorder>(attribute).probability);
    if (type == TCA_NETEM_CORRUPT) netem.corrupt = from_chance(read_struct<tc_netem_corrupt>(attribute).probability);
    if (type == TCA_NETEM_LOSS) read_loss(attribute, netem);
    if (type == TCA_NETEM_RATE64) long_rate = read_struct<std::uint64_t>(attribute);
    if (type == kNetemSeed) netem.seed = read_struct<std::uint64_t>(attribute);
    if (type == TCA_NETEM_RATE) {
      const auto rate = read_struct<tc_netem_rate>(attribute);
      netem.bytes_per_second = rate.rate;
      netem.overhead_bytes = rate.packet_overhead;
    }
  });
  if (long_rate != 0) netem.bytes_per_second = long_rate;
  return netem;
}

Qdisc read_tbf(const nlattr* options) {
  TbfQdisc tbf;
  std::uint64_t long_rate = 0;
  for_each_in(options, [&](std::uint16_t type, const nlattr* attribute) {
    if (type == TCA_TBF_RATE64) long_rate = read_struct<std::uint64_t>(attribute);
    if (type != TCA_TBF_PARMS) return;
    const auto parameters = read_struct<tc_tbf_qopt>(attribute);
    tbf.bytes_per_second = parameters.rate.rate;
    tbf.overhead_bytes = parameters.rate.overhead;
    tbf.limit_bytes = parameters.limit;
  });
  if (long_rate != 0) tbf.bytes_per_second = long_rate;
  return tbf;
}

Qdisc read_codel(const nlattr* options) {
  CodelQdisc codel;
  for_each_in(options, [&](std::uint16_t type, const nlattr* attribute) {
    const auto value = read_struct<std::uint32_t>(attribute);
    if (type == TCA_CODEL_TARGET) codel.target = microseconds{value};
    if (type == TCA_CODEL_INTERVAL) codel.interval = microseconds{value};
    if (type == TCA_CODEL_LIMIT) codel.limit_packets = value;
    if (type == TCA_CODEL_ECN) codel.ecn = value != 0;
  });
  return codel;
}

Qdisc read_pie(const nlattr* options) {
  PieQdisc pie;
  for_each_in(options, [&](std::uint16_t type, const nlattr* attribute) {
    const auto value = read_struct<std::uint32_t>(attribute);
    if (type == TCA_PIE_TARGET) pie.target = microseconds{value};
    if (type == TCA_PIE_TUPDATE) pie.update = microseconds{value};
    if (type == TCA_PIE_LIMIT) pie.limit_packets = value;
    if (type == TCA_PIE_ECN) pie.ecn = value != 0;
  });
  return pie;
}

std::optional<Qdisc> read_qdisc(std::string_view kind, const nlattr* options) {
  if (kind == "blackhole") return BlackholeQdisc{};
  if (options == nullptr) return std::nullopt;
  if (kind == "netem") return read_netem(options);
  if (kind == "tbf") return read_tbf(options);
  if (kind == "codel") return read_codel(options);
  if (kind == "pie") return read_pie(options);
  for (const auto fifo : {FifoQdisc::Kind::packets, FifoQdisc::Kind::bytes, FifoQdisc::Kind::packets_drop_head}) {
    const Qdisc one = FifoQdisc{fifo, read_struct<tc_fifo_qopt>(options).limit};
    if (kind == kind_of(one)) return one;
  }
  return std::nullopt;
}

QdiscCounters read_counters(const nlattr* statistics) {
  QdiscCounters counters;
  std::uint64_t all_packets = 0;  // of those that have counted beyond 32 bits
  for_each_in(statistics, [&](std::uint16_t type, const nlattr* attribute) {
    if (type == TCA_STATS_BASIC) {
      const auto basic = read_struct<gnet_stats_basic>(attribute);
      counters.packets = basic.packets;
      counters.bytes = basic.bytes;
    }
    if (type == TCA_STATS_PKT64) all_packets = read_struct<std::uint64_t>(attribute);
    if (type == TCA_STATS_QUEUE) {
      const auto queue = read_struct<gnet_stats_queue>(attribute);
      counters.drops = queue.drops;
      counters.waiting_packets = queue.qlen;
      counters.waiting_bytes = queue.backlog;
    }
  });
  if (all_packets != 0) counters.packets = all_packets;
  return counters;
}

QdiscState read_state(const nlmsghdr* message) {
  const auto* header = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(message));
  QdiscState state;
  state.handle = header->tcm_handle;
  state.parent = header->tcm_parent;
  const nlattr* options = nullptr;
  Visit take = [&](std::uint16_t type, const nlattr* attribute) {
    if (type == TCA_KIND) state.kind = mnl_attr_get_str(attribute);
    if (type == TCA_OPTIONS) options = attribute;
    if (type == TCA_STATS2) state.counters = read_counters(attribute);
  };
  mnl_attr_parse(message, sizeof(tcmsg), call_visit, &take);
  state.qdisc = read_qdisc(state.kind, options);
  return state;
}

}  // namespace

std::vector<QdiscState> read_qdiscs(NetlinkSocket& socket, std::uint32_t index, const std::string& object) {
  NetlinkRequest request{RTM_GETQDISC, 0, "qdiscs of " + object};
  request.header<tcmsg>().tcm_ifindex = static_cast<int>(index);
  std::vector<QdiscState> found;
  socket.dump(request, [&](const nlmsghdr* message) {
    if (message == nullptr) return found.clear();
    if (message->nlmsg_type != RTM_NEWQDISC || mnl_nlmsg_get_payload_len(message) < sizeof(tcmsg)) return;
    const auto* header = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(message));
    if (static_cast<std::uint32_t>(header->tcm_ifindex) == index) found.push_back(read_state(message));
  });
  std::vector<QdiscState> chain;
  for (std::uint32_t above = TC_H_ROOT;;) {
    const auto next = std::ranges::find_if(found, [&](const QdiscState& one) {
      return above == TC_H_ROOT || one.parent == TC_H_ROOT ? one.parent == above : TC_H_MAJ(one.parent) == above;
    });
    if (next == found.end()) return chain;
    chain.push_back(*next);
    above = next->handle;
    if (above == 0) return chain;
  }
}

namespace {

/// Compares property after property, and remembers the first that differs.
class Comparison {
 public:
  template <typename Value>
  void same(const char* name, const Value& asked, const Value& has) {
    if (asked != has) tell(name, fmt::format("{}", asked), fmt::format("{}", has));
  }
  void chance(const char* name, double asked, double has) {
    if (std::abs(asked - has) > 2 / kCertain) {
      tell(name, fmt::format("{:.9g}%", asked * 100), fmt::format("{:.9g}%", has * 100));
    }
  }
  void time(const char* name, nanoseconds asked, nanoseconds has, nanoseconds grain) {
    if (std::chrono::abs(asked - has) > grain) {
      tell(name, fmt::format("{} ns", asked.count()), fmt::format("{} ns", has.count()));
    }
  }
  std::optional<std::string> take() { return std::move(found_); }

 private:
  void tell(const char* name, const std::string& asked, const std::string& has) {
    if (!found_) found_ = fmt::format("{}: asked for {}, the kernel has {}", name, asked, has);
  }
  std::optional<std::string> found_{};
};

void compare(Comparison& with, const NetemQdisc& asked, const NetemQdisc& has) {
  with.time("delay", asked.delay, has.delay, nanoseconds{0});
  with.time("jitter", asked.jitter, has.jitter, nanoseconds{0});
  with.same("loss model", asked.bursts.has_value(), has.bursts.has_value());
  with.chance("loss", asked.bursts ? 0 : asked.loss, has.loss);
  const auto bursts = asked.bursts.value_or(NetemQdisc::Bursts{});
  const auto its_bursts = has.bursts.value_or(NetemQdisc::Bursts{});
  with.chance("loss p", bursts.p, its_bursts.p);
  with.chance("loss r", bursts.r, its_bursts.r);
  with.chance("loss 1-h", bursts.loss_bad, its_bursts.loss_bad);
  with.chance("loss 1-k", bursts.loss_good, its_bursts.loss_good);
  with.chance("duplicate", asked.duplicate, has.duplicate);
  with.chance("corrupt", asked.corrupt, has.corrupt);
  with.chance("reorder", asked.reorder, has.reorder);
  with.same("reorder gap", asked.reorder > 0 ? asked.gap : 0, has.gap);
  with.same("rate in bytes per second", asked.bytes_per_second, has.bytes_per_second);
  with.same("rate overhead", asked.overhead_bytes, has.overhead_bytes);
  with.same("limit of packets", asked.limit_packets, has.limit_packets);
  if (asked.seed && has.seed) with.same("seed", *asked.seed, *has.seed);
}

void compare(Comparison& with, const TbfQdisc& asked, const TbfQdisc& has) {
  with.same("rate in bytes per second", asked.bytes_per_second, has.bytes_per_second);
  with.same("rate overhead", asked.overhead_bytes, has.overhead_bytes);
}

void compare(Comparison& with, const FifoQdisc& asked, const FifoQdisc& has) {
  with.same("limit", asked.limit, has.limit);
}

void compare(Comparison& with, const CodelQdisc& asked, const CodelQdisc& has) {
  with.time("codel target", asked.target, has.target, microseconds{2});
  with.time("codel interval", asked.interval, has.interval, microseconds{2});
  with.same("limit of packets", asked.limit_packets, has.limit_packets);
  with.same("ecn", asked.ecn, has.ecn);
}

void compare(Comparison& with, const PieQdisc& asked, const PieQdisc& has) {
  with.time("pie target", asked.target, has.target, microseconds{2});
  with.time("pie update", asked.update, has.update, std::chrono::milliseconds{10});
  with.same("limit of packets", asked.limit_packets, has.limit_packets);
  with.same("ecn", asked.ecn, has.ecn);
}

void compare(Comparison&, const BlackholeQdisc&, const BlackholeQdisc&) {}

}  // namespace

std::optional<std::string> find_difference(const Qdisc& asked, const Qdisc& has) {
  Comparison comparison;
  comparison.same("queueing discipline", std::string{kind_of(asked)}, std::string{kind_of(has)});
  if (auto difference = comparison.take()) return difference;
  std::visit([&](const auto& one) { compare(comparison, one, std::get<std::decay_t<decltype(one)>>(has)); }, asked);
  return comparison.take();
}

}  // namespace dummynet::net

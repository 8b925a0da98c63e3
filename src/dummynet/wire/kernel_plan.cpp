#include "dummynet/wire/kernel_plan.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

#include "dummynet/wire/deviates.hpp"
#include "dummynet/wire/impairment_check.hpp"

namespace dummynet::wire {
namespace {

using net::Qdisc;

constexpr std::uint32_t kHeaderBytes = 22;                 // Ethernet's and two VLAN tags
constexpr std::uint64_t kFasterThanAll = 125'000'000'000;  // 1 Tbit/s
constexpr double kBurstSeconds = 0.004;                    // a late wake-up under load, so that the rate is kept
constexpr auto kNoLimit = std::numeric_limits<std::int32_t>::max();  // of packets: memory is

template <typename Number>
std::uint32_t at_most_32_bits(Number number) {
  return static_cast<std::uint32_t>(std::min<Number>(number, std::numeric_limits<std::uint32_t>::max()));
}

class ChainPlanner {
 public:
  ChainPlanner(const Impairment& impairment, std::uint64_t seed, std::uint32_t mtu_bytes, bool has_netem)
      : wanted_{impairment},
        rate_{std::get_if<LineRate>(&impairment.rate)},
        seed_{seed},
        frame_{mtu_bytes + kHeaderBytes} {
    const bool counts_packets = wanted_.queue.kind == Queue::Kind::drop_tail && !has_byte_limit();
    // The kernel allows no two netems where one of them duplicates.
    rate_by_netem_ = rate_ && has_netem && counts_packets && !(wanted_.duplicate > 0 && has_delay());
  }

  std::vector<Qdisc> plan() {
    if (!wanted_.up) return {net::BlackholeQdisc{}};
    if (needs_wire_packets(wanted_)) chain_.emplace_back(net::TbfQdisc{kFasterThanAll, 0, frame_, 0});
    const bool in_one = rate_by_netem_ && !has_delay();
    if (!in_one && (has_fate() || has_delay())) put_netem(true, false);
    if (rate_by_netem_) put_netem(in_one, true);
    if (rate_ && !rate_by_netem_) put_tbf();
    return std::move(chain_);
  }

 private:
  bool has_byte_limit() const { return wanted_.queue.limit_bytes || wanted_.queue.limit_time; }
  bool has_fate() const {
    return !std::holds_alternative<std::monostate>(wanted_.loss) || wanted_.duplicate > 0 || wanted_.corrupt > 0;
  }
  bool has_delay() const {
    return wanted_.delay.count() > 0 || wanted_.jitter.amount.count() > 0 || wanted_.reorder.probability > 0;
  }
  std::uint32_t limit_packets() const {
    return at_most_32_bits(wanted_.queue.limit_packets.value_or(default_limit_packets(wanted_)));
  }

  void put_netem(bool with_fate_and_delay, bool with_rate);
  void put_tbf();
  Qdisc queue() const;
  std::vector<std::int16_t> table() const;

  const Impairment& wanted_;
  const LineRate* rate_;
  std::uint64_t seed_;
  std::uint32_t frame_;
  bool rate_by_netem_ = false;
  std::vector<Qdisc> chain_{};
};

std::vector<std::int16_t> ChainPlanner::table() const {
  const auto copy = [](const Deviates& deviates) {
    return std::vector<std::int16_t>{deviates.begin(), deviates.end()};
  };
  switch (wanted_.jitter.distribution) {
    case Jitter::Distribution::uniform:
      break;
    case Jitter::Distribution::normal:
      return copy(normal_deviates());
    case Jitter::Distribution::pareto:
      return copy(pareto_deviates());
    case Jitter::Distribution::pareto_normal:
      return copy(pareto_normal_deviates());
    case Jitter::Distribution::table:
      return wanted_.jitter.table;
  }
  return {};
}

void ChainPlanner::put_netem(bool with_fate_and_delay, bool with_rate) {
  net::NetemQdisc netem;
  netem.limit_packets = kNoLimit;
  netem.seed = seed_ + chain_.size();
  if (with_fate_and_delay) {
    if (const auto* random = std::get_if<RandomLoss>(&wanted_.loss)) netem.loss = random->probability;
    if (const auto* chain = std::get_if<GilbertElliott>(&wanted_.loss)) {
      netem.bursts = {chain->p, chain->r, chain->loss_bad, chain->loss_good};
    }
    netem.duplicate = wanted_.duplicate;
    netem.corrupt = wanted_.corrupt;
    netem.delay = wanted_.delay;
    netem.jitter = wanted_.jitter.amount;
    if (netem.jitter.count() > 0) netem.table = table();
    netem.reorder = wanted_.reorder.probability;
    netem.gap = netem.reorder > 0 ? wanted_.reorder.gap : 0;
  }
  if (with_rate) {
    netem.bytes_per_second = rate_->bits_per_second / 8;
    netem.overhead_bytes = rate_->overhead_bytes;
    netem.limit_packets = limit_packets();
  }
  chain_.emplace_back(std::move(netem));
}

void ChainPlanner::put_tbf() {
  const std::uint64_t bytes_per_second = rate_->bits_per_second / 8;
  const double burst = static_cast<double>(bytes_per_second) * kBurstSeconds;
  chain_.emplace_back(net::TbfQdisc{bytes_per_second, static_cast<std::uint16_t>(rate_->overhead_bytes),
                                    static_cast<std::uint32_t>(std::clamp<double>(burst, frame_, 1e9)), 0});
  chain_.push_back(queue());
}

Qdisc ChainPlanner::queue() const {
  const Queue& queue = wanted_.queue;
  const auto microseconds = [](Nanoseconds time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time);
  };
  switch (queue.kind) {
    case Queue::Kind::codel:
      return net::CodelQdisc{limit_packets(), microseconds(queue.codel_target), microseconds(queue.codel_interval),
                             queue.ecn};
    case Queue::Kind::pie:
      return net::PieQdisc{limit_packets(), microseconds(queue.pie_target), microseconds(queue.pie_update), queue.ecn};
    case Queue::Kind::drop_head:
      return net::FifoQdisc{net::FifoQdisc::Kind::packets_drop_head, limit_packets()};
    case Queue::Kind::drop_tail:
      break;
  }
  if (!has_byte_limit()) return net::FifoQdisc{net::FifoQdisc::Kind::packets, limit_packets()};
  if (queue.limit_bytes) return net::FifoQdisc{net::FifoQdisc::Kind::bytes, at_most_32_bits(*queue.limit_bytes)};
  const double seconds = std::chrono::duration<double>(*queue.limit_time).count();
  const double bytes = std::max(static_cast<double>(rate_->bits_per_second) / 8 * seconds, static_cast<double>(frame_));
  return net::FifoQdisc{net::FifoQdisc::Kind::bytes, at_most_32_bits(bytes)};
}

}  // namespace

std::vector<Qdisc> plan_kernel_link(const Impairment& impairment, std::uint64_t seed, std::uint32_t mtu_bytes,
                                    bool has_netem) {
  return ChainPlanner{impairment, seed, mtu_bytes, has_netem}.plan();
}

bool can_change_in_place(const std::vector<Qdisc>& before, const std::vector<Qdisc>& after) {
  return std::ranges::equal(before, after, [](const Qdisc& one, const Qdisc& other) {
    if (net::kind_of(one) != std::string_view{net::kind_of(other)}) return false;
    const auto* had = std::get_if<net::NetemQdisc>(&one);
    const auto* gets = std::get_if<net::NetemQdisc>(&other);
    // A table that netem has once been given cannot be taken away any more.
    return had == nullptr || had->table.empty() || !gets->table.empty();
  });
}

}  // namespace dummynet::wire

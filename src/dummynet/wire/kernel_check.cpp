// What the kernel cannot do, and what it does in another way.
#include <algorithm>
#include <limits>

#include "dummynet/wire/kernel_link.hpp"
#include "dummynet/wire/kernel_plan.hpp"

namespace dummynet::wire {
namespace {

constexpr std::size_t kMostDeviates = 16384;  // NETEM_DIST_MAX
constexpr Nanoseconds kLongestUniform{std::numeric_limits<std::int32_t>::max()};

class KernelCheck {
 public:
  explicit KernelCheck(const Impairment& impairment) : wanted_{impairment} {}

  std::vector<ImpairmentComplaint> check() {
    if (!wanted_.up) return {};  // drops whatever else is asked for
    check_loss();
    check_jitter();
    check_rate();
    check_queue();
    return std::move(complaints_);
  }

 private:
  void lacks(const char* property, const std::string& what) {
    complaints_.push_back({property, what + "; use `emulation: engine`"});
  }
  bool has_rate() const { return !std::holds_alternative<std::monostate>(wanted_.rate); }

  void check_loss() {
    if (std::holds_alternative<ListedLoss>(wanted_.loss)) lacks("loss", "the kernel cannot lose packets by number");
    if (std::holds_alternative<EveryNthLoss>(wanted_.loss)) lacks("loss", "the kernel cannot lose every n-th packet");
  }

  void check_jitter() {
    const Jitter& jitter = wanted_.jitter;
    if (jitter.amount.count() == 0) return;
    if (!jitter.reorder) {
      lacks("jitter", "the kernel lets packets with a shorter delay overtake others: allow reordering");
    }
    if (jitter.table.size() > kMostDeviates) {
      lacks("jitter",
            "the kernel's tables have at most 16384 deviates, this one has " + std::to_string(jitter.table.size()));
    }
    if (jitter.distribution == Jitter::Distribution::uniform && jitter.amount > kLongestUniform) {
      lacks("jitter", "the kernel's uniform jitter is at most 2.147s");
    }
  }

  void check_rate() {
    if (std::holds_alternative<RateSchedule>(wanted_.rate)) lacks("rate", "the kernel has no schedules of rates");
    if (std::holds_alternative<DeliveryTrace>(wanted_.rate)) lacks("trace", "the kernel has no delivery traces");
    const auto* line = std::get_if<LineRate>(&wanted_.rate);
    if (line == nullptr) return;
    if (line->bits_per_second % 8 != 0) {
      lacks("rate", "the kernel counts whole bytes per second, and " + std::to_string(line->bits_per_second) +
                        " bit/s are not");
    }
    const auto chain = plan_kernel_link(wanted_, 0, 1500, true);
    const auto is_tbf = [](const net::Qdisc& one) { return std::holds_alternative<net::TbfQdisc>(one); };
    // The first one only cuts up frames.
    if (line->overhead_bytes < 0 && std::count_if(chain.begin(), chain.end(), is_tbf) > 1) {
      lacks("rate", "the kernel's tbf, which this queue or duplication needs, can only add overhead, not take it away");
    }
  }

  void check_queue() {
    const Queue& queue = wanted_.queue;
    if (!has_rate()) return;
    const int limits = (queue.limit_packets ? 1 : 0) + (queue.limit_bytes ? 1 : 0) + (queue.limit_time ? 1 : 0);
    if (limits > 1) lacks("limit", "the kernel's queues have one limit, not " + std::to_string(limits));
    if (queue.kind != Queue::Kind::drop_tail && (queue.limit_bytes || queue.limit_time)) {
      lacks("limit", "the kernel's queues of this kind are limited in packets only");
    }
  }

  const Impairment& wanted_;
  std::vector<ImpairmentComplaint> complaints_{};
};

}  // namespace

std::vector<ImpairmentComplaint> check_kernel_backend(const Impairment& impairment) {
  return KernelCheck{impairment}.check();
}

bool needs_netem(const Impairment& impairment) {
  for (const net::Qdisc& one : plan_kernel_link(impairment, 0, 1500, false)) {
    if (std::holds_alternative<net::NetemQdisc>(one)) return true;
  }
  return false;
}

std::vector<std::string> kernel_backend_differences(const Impairment& impairment, bool has_netem) {
  std::vector<std::string> found;
  if (!impairment.up) return found;
  const bool is_random =
      !std::holds_alternative<std::monostate>(impairment.loss) || impairment.duplicate > 0 || impairment.corrupt > 0;
  if (is_random && impairment.spare_control) {
    found.emplace_back("loss, duplication and corruption hit ARP and neighbour discovery too: netem knows no classes");
  }
  if (impairment.jitter.amount.count() > 0 && !std::holds_alternative<std::monostate>(impairment.rate)) {
    found.emplace_back("jitter comes before the queue of the rate, which evens it out; the engine's comes after it");
  }
  for (const net::Qdisc& one : plan_kernel_link(impairment, 0, 1500, has_netem)) {
    if (!std::holds_alternative<net::FifoQdisc>(one) && !std::holds_alternative<net::CodelQdisc>(one) &&
        !std::holds_alternative<net::PieQdisc>(one)) {
      continue;
    }
    found.emplace_back(
        "the rate is held by tbf: what comes after a pause passes at once, up to 4 ms' worth, and a single packet does "
        "not wait for its own transmission");
  }
  return found;
}

}  // namespace dummynet::wire

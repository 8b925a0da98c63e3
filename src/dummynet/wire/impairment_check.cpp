#include "dummynet/wire/impairment_check.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <utility>

#include "dummynet/wire/instant.hpp"
#include "dummynet/wire/line.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds kLongestDelay = 1h;
constexpr Nanoseconds kLongestSchedule = 24h * 366;
constexpr std::uint64_t kHighestRate = 10'000'000'000'000;
constexpr std::uint32_t kFrameBytes = 1514;
constexpr std::int32_t kMostOverhead = 10'000;

class Complaints {
 public:
  void add(const char* property, std::string message) { found_.push_back({property, std::move(message)}); }
  std::vector<ImpairmentComplaint> take() { return std::move(found_); }

 private:
  std::vector<ImpairmentComplaint> found_{};
};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

std::string percent(double share) { return number(share * 100) + '%'; }

// "20ms", in the largest unit that leaves no fraction below a thousandth.
std::string duration(Nanoseconds time) {
  const auto count = static_cast<double>(time.count());
  const double size = std::abs(count);
  if (size >= 1e9) return number(count / 1e9) + 's';
  if (size >= 1e6) return number(count / 1e6) + "ms";
  if (size >= 1e3) return number(count / 1e3) + "us";
  return number(count) + "ns";
}

void check_share(Complaints& complaints, const char* property, const std::string& what, double share) {
  if (std::isnan(share)) complaints.add(property, what + "must be from 0% to 100%, is not a number");
  if (share < 0) complaints.add(property, what + "must be at least 0%, is " + percent(share));
  if (share > 1) complaints.add(property, what + "must be at most 100%, is " + percent(share));
}

void check_delay(Complaints& complaints, const Impairment& impairment) {
  const Nanoseconds delay = impairment.delay;
  if (delay < 0ns) complaints.add("delay", "must not be negative, is " + duration(delay));
  if (delay > kLongestDelay) complaints.add("delay", "must be at most 1h, is " + duration(delay));
  const Jitter& jitter = impairment.jitter;
  if (jitter.amount < 0ns) complaints.add("jitter", "must not be negative, is " + duration(jitter.amount));
  if (jitter.amount > std::max(delay, 0ns)) {
    complaints.add("jitter", "must be at most the delay (" + duration(delay) + "), is " + duration(jitter.amount) +
                                 ": a packet cannot leave before it came");
  }
  const bool wants_table = jitter.distribution == Jitter::Distribution::table;
  if (wants_table && jitter.table.empty()) complaints.add("jitter", "the table of deviates is empty");
  if (!wants_table && !jitter.table.empty()) complaints.add("jitter", "has a table, but another distribution");
}

void check_loss(Complaints& complaints, const Loss& loss) {
  if (const auto* random = std::get_if<RandomLoss>(&loss)) {
    check_share(complaints, "loss", "", random->probability);
  } else if (const auto* chain = std::get_if<GilbertElliott>(&loss)) {
    check_share(complaints, "loss", "p ", chain->p);
    check_share(complaints, "loss", "r ", chain->r);
    check_share(complaints, "loss", "the bad state's loss (1-h) ", chain->loss_bad);
    check_share(complaints, "loss", "the good state's loss (1-k) ", chain->loss_good);
  } else if (const auto* listed = std::get_if<ListedLoss>(&loss)) {
    const auto& packets = listed->packets;
    if (!packets.empty() && packets.front() == 0) complaints.add("loss", "the first packet has the number 1, not 0");
    const auto wrong = std::adjacent_find(packets.begin(), packets.end(), std::greater_equal<>{});
    if (wrong != packets.end()) {
      complaints.add("loss", "packet numbers must ascend: " + std::to_string(*(wrong + 1)) + " comes after " +
                                 std::to_string(*wrong));
    }
  } else if (const auto* every = std::get_if<EveryNthLoss>(&loss)) {
    if (every->n == 0) complaints.add("loss", "every n-th packet: n must be at least 1, is 0");
  }
}

void check_bits(Complaints& complaints, std::uint64_t bits_per_second, std::uint64_t least) {
  if (bits_per_second < least) complaints.add("rate", "must be at least 1bit, is 0");
  if (bits_per_second > kHighestRate) {
    complaints.add("rate", "must be at most 10000gbit, is " + std::to_string(bits_per_second) + "bit");
  }
}

void check_overhead(Complaints& complaints, std::int32_t bytes) {
  if (bytes < -kMostOverhead || bytes > kMostOverhead) {
    complaints.add("rate", "overhead must be from -10000 to 10000 bytes, is " + std::to_string(bytes));
  }
}

void check_schedule(Complaints& complaints, const RateSchedule& schedule) {
  check_overhead(complaints, schedule.overhead_bytes);
  const auto& steps = schedule.steps;
  if (steps.empty()) return complaints.add("rate", "the schedule has no steps");
  if (steps.front().at != 0ns) {
    complaints.add("rate", "the schedule must begin at 0s, begins at " + duration(steps.front().at));
  }
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (steps[i].at > steps[i - 1].at) continue;
    complaints.add("rate", "the schedule's times must ascend: " + duration(steps[i].at) + " comes after " +
                               duration(steps[i - 1].at));
    break;
  }
  for (const RateSchedule::Step& step : steps) check_bits(complaints, step.bits_per_second, 0);
  if (std::all_of(steps.begin(), steps.end(), [](const auto& step) { return step.bits_per_second == 0; })) {
    complaints.add("rate", "the schedule's rates are all 0: nothing ever passes");
  }
  if (schedule.repeat && *schedule.repeat <= steps.back().at) {
    complaints.add("rate", "the schedule must be longer than its last step's time (" + duration(steps.back().at) +
                               "), repeats after " + duration(*schedule.repeat));
  }
  if (std::max(steps.back().at, schedule.repeat.value_or(0ns)) > kLongestSchedule) {
    complaints.add("rate", "the schedule must not be longer than a year");
  }
}

void check_trace(Complaints& complaints, const DeliveryTrace& trace) {
  const auto& times = trace.milliseconds;
  if (times.empty()) return complaints.add("trace", "has no delivery opportunities");
  const auto wrong = std::adjacent_find(times.begin(), times.end(), std::greater<>{});
  if (wrong != times.end()) {
    complaints.add(
        "trace", "times must not descend: " + std::to_string(*(wrong + 1)) + " comes after " + std::to_string(*wrong));
  }
  if (times.back() == 0) complaints.add("trace", "all times are 0: it must last at least 1ms");
  if (times.back() > static_cast<std::uint64_t>(kLongestSchedule / 1ms)) {
    complaints.add("trace", "must not be longer than a year");
  }
}

void check_rate(Complaints& complaints, const Rate& rate) {
  if (const auto* constant = std::get_if<LineRate>(&rate)) {
    check_bits(complaints, constant->bits_per_second, 1);
    check_overhead(complaints, constant->overhead_bytes);
  } else if (const auto* schedule = std::get_if<RateSchedule>(&rate)) {
    check_schedule(complaints, *schedule);
  } else if (const auto* trace = std::get_if<DeliveryTrace>(&rate)) {
    check_trace(complaints, *trace);
  }
}

// Who must wait for one packet must be allowed to.
void check_limit_time(Complaints& complaints, Nanoseconds limit, const Rate& rate) {
  if (limit <= 0ns) return complaints.add("limit", "must be above 0s, is " + duration(limit));
  const auto* constant = std::get_if<LineRate>(&rate);
  if (!constant || constant->bits_per_second == 0) return;
  const Nanoseconds packet = ConstantLine{*constant, 0ns}.transmit(0ns, kFrameBytes);
  if (limit < packet) {
    complaints.add("limit", "must hold a packet of 1514 bytes, which takes " + duration(packet) + " at this rate, is " +
                                duration(limit));
  }
}

void check_queue(Complaints& complaints, const Impairment& impairment) {
  const Queue& queue = impairment.queue;
  if (queue.limit_packets == 0) complaints.add("limit", "must be at least 1 packet, is 0");
  if (queue.limit_bytes && *queue.limit_bytes < kFrameBytes) {
    complaints.add("limit", "must hold a packet of 1514 bytes, is " + std::to_string(*queue.limit_bytes) + " bytes");
  }
  if (queue.limit_time) check_limit_time(complaints, *queue.limit_time, impairment.rate);
  const bool can_mark = queue.kind == Queue::Kind::codel || queue.kind == Queue::Kind::pie;
  if (queue.ecn && !can_mark) complaints.add("queue", "ecn needs a queue that marks: codel or pie");
  const std::pair<const char*, Nanoseconds> times[] = {{"codel's target", queue.codel_target},
                                                       {"codel's interval", queue.codel_interval},
                                                       {"pie's target", queue.pie_target},
                                                       {"pie's update", queue.pie_update}};
  for (const auto& [name, time] : times) {
    if (time <= 0ns || time > kLongestDelay) {
      complaints.add("queue", std::string{name} + " must be above 0s and at most 1h, is " + duration(time));
    }
  }
  if (queue.pie_update > 0ns && queue.pie_update < 1ms) {
    complaints.add("queue", "pie's update must be at least 1ms, is " + duration(queue.pie_update));
  }
  if (queue.codel_target > queue.codel_interval) {
    complaints.add("queue", "codel's target must be at most its interval (" + duration(queue.codel_interval) +
                                "), is " + duration(queue.codel_target));
  }
}

void check_reorder(Complaints& complaints, const Impairment& impairment) {
  check_share(complaints, "reorder", "", impairment.reorder.probability);
  if (impairment.reorder.gap == 0) complaints.add("reorder", "gap must be at least 1, is 0");
  if (impairment.reorder.probability > 0 && impairment.delay <= 0ns) {
    complaints.add("reorder", "needs a delay: who is sent at once overtakes nobody otherwise");
  }
}

}  // namespace

std::vector<ImpairmentComplaint> check_impairment(const Impairment& impairment) {
  Complaints complaints;
  check_delay(complaints, impairment);
  check_loss(complaints, impairment.loss);
  check_rate(complaints, impairment.rate);
  check_queue(complaints, impairment);
  check_share(complaints, "duplicate", "", impairment.duplicate);
  check_reorder(complaints, impairment);
  check_share(complaints, "corrupt", "", impairment.corrupt);
  return complaints.take();
}

}  // namespace dummynet::wire

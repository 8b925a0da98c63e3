#pragma once

#include <random>

#include "dummynet/wire/impairment.hpp"

namespace dummynet::wire {

/// Any impairment that can be carried out: each property present or absent, with figures that matter for packets of
/// 60 to 1,514 bytes some milliseconds apart. Without `up` and `spare_control`.
class RandomImpairment {
 public:
  explicit RandomImpairment(std::mt19937_64& random) : random_{random} {}

  Impairment draw() {
    Impairment impairment;
    if (coin()) impairment.delay = Nanoseconds{below(50'000'000)};
    if (coin()) impairment.jitter = jitter(impairment.delay);
    impairment.loss = loss();
    impairment.rate = rate();
    impairment.queue = queue();
    if (coin()) impairment.duplicate = share();
    if (coin() && impairment.delay.count() > 0) {
      impairment.reorder = {share(), 1 + static_cast<std::uint32_t>(below(5))};
    }
    if (coin()) impairment.corrupt = share();
    return impairment;
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool coin() { return below(2) == 0; }
  double share() { return static_cast<double>(below(101)) / 100; }

  Jitter jitter(Nanoseconds delay) {
    Jitter jitter;
    jitter.amount = Nanoseconds{below(static_cast<std::uint64_t>(delay.count()) + 1)};
    jitter.distribution = static_cast<Jitter::Distribution>(below(5));
    if (jitter.distribution == Jitter::Distribution::table) jitter.table = {-30000, -8192, 0, 100, 32767};
    jitter.reorder = coin();
    return jitter;
  }

  Loss loss() {
    switch (below(5)) {
      case 0:
        return RandomLoss{share()};
      case 1:
        return GilbertElliott{share(), share(), share(), share()};
      case 2:
        return ListedLoss{{1, 5, 6, 250}};
      case 3:
        return EveryNthLoss{1 + below(20)};
      default:
        return {};
    }
  }

  std::uint64_t bits_per_second() { return std::uint64_t{100'000} << below(14); }

  Rate rate() {
    switch (below(4)) {
      case 0:
        return LineRate{bits_per_second(), static_cast<std::int32_t>(below(100)) - 50};
      case 1:
        return schedule();
      case 2:
        return trace();
      default:
        return {};
    }
  }

  RateSchedule schedule() {
    RateSchedule schedule;
    schedule.steps.push_back({Nanoseconds{0}, bits_per_second()});
    for (std::uint64_t steps = below(5); steps > 0; --steps) {
      const Nanoseconds at = schedule.steps.back().at + Nanoseconds{1 + below(100'000'000)};
      schedule.steps.push_back({at, coin() ? 0 : bits_per_second()});
    }
    if (coin()) schedule.repeat = schedule.steps.back().at + Nanoseconds{1 + below(100'000'000)};
    return schedule;
  }

  DeliveryTrace trace() {
    DeliveryTrace trace;
    std::uint64_t at = below(3);
    for (std::uint64_t opportunities = 1 + below(200); opportunities > 0; --opportunities) {
      trace.milliseconds.push_back(at);
      at += below(10);
    }
    trace.milliseconds.push_back(at + 1);
    trace.repeat = coin();
    return trace;
  }

  Queue queue() {
    Queue queue;
    queue.kind = static_cast<Queue::Kind>(below(4));
    if (coin()) queue.limit_packets = 1 + below(50);
    if (coin()) queue.limit_bytes = 1514 + below(50'000);
    if (coin()) queue.limit_time = Nanoseconds{200'000'000 + static_cast<std::int64_t>(below(300'000'000))};
    queue.ecn = (queue.kind == Queue::Kind::codel || queue.kind == Queue::Kind::pie) && coin();
    queue.codel_interval = Nanoseconds{5'000'000 + static_cast<std::int64_t>(below(100'000'000))};
    return queue;
  }

  std::mt19937_64& random_;
};

inline Impairment random_impairment(std::mt19937_64& random) { return RandomImpairment{random}.draw(); }

}  // namespace dummynet::wire

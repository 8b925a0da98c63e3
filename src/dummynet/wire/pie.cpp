#include "dummynet/wire/pie.hpp"

#include <algorithm>

#include "dummynet/wire/random_stream.hpp"

namespace dummynet::wire {
namespace {

// RFC 8033, sections 4.2, 4.4 and 5.1; gains per second of delay.
constexpr double kAlpha = 0.125;
constexpr double kBeta = 1.25;
constexpr Nanoseconds kMaxBurst = std::chrono::milliseconds{150};
constexpr double kMarkBelow = 0.1;
constexpr std::uint64_t kMeanPacket = 1514;

double seconds(Nanoseconds time) { return std::chrono::duration<double>{time}.count(); }

// Small probabilities move in small steps.
double step_scale(double probability) {
  if (probability < 0.000001) return 1.0 / 2048;
  if (probability < 0.00001) return 1.0 / 512;
  if (probability < 0.0001) return 1.0 / 128;
  if (probability < 0.001) return 1.0 / 32;
  if (probability < 0.01) return 1.0 / 8;
  if (probability < 0.1) return 1.0 / 2;
  return 1;
}

}  // namespace

void Pie::set(const Queue& queue) noexcept {
  target_ = queue.pie_target;
  period_ = queue.pie_update;
  ecn_ = queue.ecn;
}

void Pie::reset(Nanoseconds now) noexcept {
  next_update_ = now + period_;
  old_delay_ = Nanoseconds{0};
  burst_allowance_ = kMaxBurst;
  drop_probability_ = accumulated_ = 0;
}

void Pie::update(Nanoseconds queue_delay) noexcept {
  double step = kAlpha * seconds(queue_delay - target_) + kBeta * seconds(queue_delay - old_delay_);
  step *= step_scale(drop_probability_);
  if (drop_probability_ >= 0.1) step = std::min(step, 0.02);
  drop_probability_ += step;
  if (queue_delay == Nanoseconds{0} && old_delay_ == Nanoseconds{0}) drop_probability_ *= 0.98;
  drop_probability_ = std::clamp(drop_probability_, 0.0, 1.0);
  burst_allowance_ = std::max(Nanoseconds{0}, burst_allowance_ - period_);
  if (drop_probability_ == 0 && queue_delay < target_ / 2 && old_delay_ < target_ / 2) burst_allowance_ = kMaxBurst;
  old_delay_ = queue_delay;
  next_update_ += period_;
}

void Pie::idle_until(Nanoseconds now) noexcept {
  while (next_update_ <= now) {
    update(Nanoseconds{0});
    // Nothing changes any more: all further updates at once.
    if (drop_probability_ == 0 && burst_allowance_ == kMaxBurst && next_update_ <= now) {
      next_update_ += ((now - next_update_) / period_ + 1) * period_;
    }
  }
}

Pie::Verdict Pie::admit(std::uint64_t queue_bytes, bool can_mark, std::uint64_t random_bits) noexcept {
  if (burst_allowance_ > Nanoseconds{0} || !wants_drop(queue_bytes, random_bits)) return Verdict::enqueue;
  return ecn_ && can_mark && drop_probability_ < kMarkBelow ? Verdict::mark : Verdict::drop;
}

// Section 4.1 with 5.4: never twice in short order, and never too long not at all.
bool Pie::wants_drop(std::uint64_t queue_bytes, std::uint64_t random_bits) noexcept {
  if (old_delay_ < target_ / 2 && drop_probability_ < 0.2) return false;
  if (queue_bytes <= 2 * kMeanPacket) return false;
  if (drop_probability_ == 0) accumulated_ = 0;
  accumulated_ += drop_probability_;
  if (accumulated_ < 0.85) return false;
  if (accumulated_ < 8.5 && !Chance{drop_probability_}.hits(random_bits)) return false;
  accumulated_ = 0;
  return true;
}

}  // namespace dummynet::wire

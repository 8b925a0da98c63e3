#include "dummynet/wire/jitter.hpp"

#include <algorithm>

#include "dummynet/wire/deviates.hpp"
#include "dummynet/wire/random_stream.hpp"

namespace dummynet::wire {
namespace {

std::span<const std::int16_t> table_of(const Jitter& jitter) {
  switch (jitter.distribution) {
    case Jitter::Distribution::uniform:
      return {};
    case Jitter::Distribution::normal:
      return normal_deviates();
    case Jitter::Distribution::pareto:
      return pareto_deviates();
    case Jitter::Distribution::pareto_normal:
      return pareto_normal_deviates();
    case Jitter::Distribution::table:
      return jitter.table;
  }
  return {};
}

// Rounded to the nearest, as netem does it. An hour times 2^15 is far from overflowing.
Nanoseconds scaled(Nanoseconds amount, std::int16_t deviate) {
  const std::int64_t product = amount.count() * deviate;
  return Nanoseconds{(product + (product >= 0 ? kDeviateScale / 2 : -kDeviateScale / 2)) / kDeviateScale};
}

}  // namespace

JitterModel::JitterModel(const Jitter& jitter) : amount_{jitter.amount} {
  if (amount_ == Nanoseconds{0}) return;
  table_ = table_of(jitter);
  reach_ = amount_;
  if (!table_.empty()) {
    reach_ = std::max(Nanoseconds{0}, -scaled(amount_, *std::min_element(table_.begin(), table_.end())));
  }
}

Nanoseconds JitterModel::deviation(std::uint64_t random_bits) const noexcept {
  if (table_.empty()) {
    const auto width = static_cast<std::uint64_t>(2 * amount_.count() + 1);
    return Nanoseconds{static_cast<std::int64_t>(pick(random_bits, width))} - amount_;
  }
  return scaled(amount_, table_[pick(random_bits, table_.size())]);
}

}  // namespace dummynet::wire

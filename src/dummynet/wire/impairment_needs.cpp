// What the engine itself asks about an impairment: apart from the check, whose words it has no use for.
#include <algorithm>

#include "dummynet/wire/impairment_check.hpp"
#include "dummynet/wire/instant.hpp"

namespace dummynet::wire {
namespace {

constexpr Wide kFrameBits = Wide{1514} * 8;
constexpr std::uint64_t kLeastPackets = 20;

// 0: there is no rate.
Wide bits_per_second(const Rate& rate) {
  if (const auto* constant = std::get_if<LineRate>(&rate)) return constant->bits_per_second;
  Wide highest = 0;
  if (const auto* schedule = std::get_if<RateSchedule>(&rate)) {
    for (const RateSchedule::Step& step : schedule->steps) highest = std::max(highest, Wide{step.bits_per_second});
  } else if (const auto* trace = std::get_if<DeliveryTrace>(&rate); trace && !trace->milliseconds.empty()) {
    const std::uint64_t length = std::max<std::uint64_t>(1, trace->milliseconds.back());
    highest = Wide{trace->milliseconds.size()} * DeliveryTrace::kBytes * 8 * 1000 / length;
  }
  return highest;
}

}  // namespace

std::uint64_t default_limit_packets(const Impairment& impairment) {
  if (std::holds_alternative<std::monostate>(impairment.rate)) return 0;
  const Wide delay = static_cast<Wide>(std::max<std::int64_t>(0, impairment.delay.count()));
  const Wide bits = bits_per_second(impairment.rate) * 2 * delay / 1'000'000'000;
  return std::max(kLeastPackets, static_cast<std::uint64_t>(bits / kFrameBits));
}

bool needs_wire_packets(const Impairment& impairment) {
  Impairment plain;
  plain.delay = impairment.delay;
  plain.spare_control = impairment.spare_control;
  plain.queue = impairment.queue;  // does nothing without a rate
  plain.up = impairment.up;
  return impairment != plain;
}

}  // namespace dummynet::wire

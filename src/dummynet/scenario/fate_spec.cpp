#include "dummynet/scenario/fate_spec.hpp"

#include "dummynet/scenario/keys.hpp"

namespace dummynet::scenario {

std::string_view to_string(Emulation emulation) { return keys::kEmulations.at(static_cast<std::size_t>(emulation)); }

void refine(wire::Impairment& base, const ImpairmentSpec& spec) {
  const wire::Impairment& values = spec.values;
  if (spec.is_given("delay")) base.delay = values.delay;
  if (spec.is_given("jitter")) base.jitter = values.jitter;
  if (spec.is_given("loss")) base.loss = values.loss;
  if (spec.is_given("rate")) base.rate = values.rate;
  if (spec.is_given("queue")) {
    wire::Queue queue = values.queue;
    queue.limit_packets = base.queue.limit_packets;
    queue.limit_bytes = base.queue.limit_bytes;
    queue.limit_time = base.queue.limit_time;
    base.queue = queue;
  }
  if (spec.is_given("limit")) {
    base.queue.limit_packets = values.queue.limit_packets;
    base.queue.limit_bytes = values.queue.limit_bytes;
    base.queue.limit_time = values.queue.limit_time;
  }
  if (spec.is_given("duplicate")) base.duplicate = values.duplicate;
  if (spec.is_given("reorder")) base.reorder = values.reorder;
  if (spec.is_given("corrupt")) base.corrupt = values.corrupt;
  if (spec.is_given("spare_control")) base.spare_control = values.spare_control;
}

void refine(ImpairmentSpec& base, const ImpairmentSpec& finer) {
  refine(base.values, finer);
  for (const auto& [key, position] : finer.given) base.given.insert_or_assign(key, position);
}

ImpairmentSpec FateSpec::of(std::size_t direction) const {
  ImpairmentSpec whole = both;
  refine(whole, directions.at(direction));
  return whole;
}

}  // namespace dummynet::scenario

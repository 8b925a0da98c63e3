#include "dummynet/wire/delay_stage.hpp"

#include <algorithm>

#include "dummynet/wire/instant.hpp"

namespace dummynet::wire {

void DelayStage::set(const Impairment& impairment) {
  delay_ = impairment.delay;
  jitter_ = JitterModel{impairment.jitter};
  keeps_order_ = !impairment.jitter.reorder;
  least_ = impairment.reorder.probability > 0 ? Nanoseconds{0} : std::max(Nanoseconds{0}, delay_ - jitter_.reach());
}

DelayStage::Departure DelayStage::depart(const Packet& packet, Nanoseconds finish,
                                         const RandomStreams& random) noexcept {
  Nanoseconds due = finish;
  if (!packet.is_early) {
    Nanoseconds delay = delay_;
    if (jitter_.is_there()) {
      delay += jitter_.deviation(random.draw(Purpose::jitter, packet.packet_class, packet.number, packet.is_copy));
    }
    due = later(finish, std::max(Nanoseconds{0}, delay));
    if (keeps_order_) due = std::max(due, latest_);
  }
  const bool is_reordered = due < latest_;
  latest_ = std::max(latest_, due);
  return {due, is_reordered};
}

}  // namespace dummynet::wire

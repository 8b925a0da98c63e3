#include "dummynet/wire/loss.hpp"

#include <algorithm>

namespace dummynet::wire {

void LossModel::set(const Loss& loss, bool spare_control) {
  const bool was_chain = kind_ == Kind::chain;
  kind_ = Kind::none;
  spare_control_ = spare_control;
  if (const auto* random = std::get_if<RandomLoss>(&loss)) {
    kind_ = Kind::random;
    random_ = Chance{random->probability};
  } else if (const auto* chain = std::get_if<GilbertElliott>(&loss)) {
    kind_ = Kind::chain;
    turns_bad_ = Chance{chain->p};
    turns_good_ = Chance{chain->r};
    loss_bad_ = Chance{chain->loss_bad};
    loss_good_ = Chance{chain->loss_good};
    if (!was_chain) is_bad_ = {};
  } else if (const auto* listed = std::get_if<ListedLoss>(&loss)) {
    kind_ = Kind::listed;
    listed_ = listed->packets;
  } else if (const auto* every = std::get_if<EveryNthLoss>(&loss)) {
    kind_ = Kind::every_nth;
    nth_ = every->n;
  }
}

bool LossModel::loses(PacketClass packet_class, std::uint64_t number, const RandomStreams& random) noexcept {
  const bool is_data = packet_class == PacketClass::data;
  switch (kind_) {
    case Kind::none:
      return false;
    case Kind::random:
      return (is_data || !spare_control_) && random_.hits(random.draw(Purpose::loss, packet_class, number));
    case Kind::chain:
      return (is_data || !spare_control_) && chain_loses(packet_class, number, random);
    case Kind::listed:
      return is_data && std::binary_search(listed_.begin(), listed_.end(), number);
    case Kind::every_nth:
      return is_data && nth_ != 0 && number % nth_ == 0;
  }
  return false;
}

// The packet meets the state the chain is in; then the chain moves.
bool LossModel::chain_loses(PacketClass packet_class, std::uint64_t number, const RandomStreams& random) noexcept {
  bool& is_bad = is_bad_[static_cast<std::size_t>(packet_class)];
  const bool is_lost = (is_bad ? loss_bad_ : loss_good_).hits(random.draw(Purpose::loss, packet_class, number));
  if ((is_bad ? turns_good_ : turns_bad_).hits(random.draw(Purpose::chain, packet_class, number))) is_bad = !is_bad;
  return is_lost;
}

}  // namespace dummynet::wire

#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "dummynet/wire/impairment.hpp"
#include "dummynet/wire/random_stream.hpp"

namespace dummynet::wire {

/// Which packets are lost on the way, before any queue.
class LossModel {
 public:
  /// From now on. A Gilbert–Elliott chain that stays one keeps its state, a new one begins in the good state.
  /// `loss` must outlive its use here.
  void set(const Loss& loss, bool spare_control);

  /// To be asked once for each packet, in the order of their numbers.
  bool loses(PacketClass packet_class, std::uint64_t number, const RandomStreams& random) noexcept;

 private:
  enum class Kind : std::uint8_t { none, random, chain, listed, every_nth };

  bool chain_loses(PacketClass packet_class, std::uint64_t number, const RandomStreams& random) noexcept;

  Kind kind_ = Kind::none;
  bool spare_control_ = true;
  Chance random_{};
  Chance turns_bad_{}, turns_good_{}, loss_good_{}, loss_bad_{};
  std::array<bool, 2> is_bad_{};  // of each class: control packets must not move the data's chain
  std::span<const std::uint64_t> listed_{};
  std::uint64_t nth_ = 0;
};

}  // namespace dummynet::wire

#include "dummynet/wire/random_stream.hpp"

namespace dummynet::wire {

std::uint64_t direction_seed(std::uint64_t seed, std::uint32_t link, std::uint32_t direction) noexcept {
  const std::uint64_t position = (std::uint64_t{link} << 32) | direction;
  return scramble(scramble(seed + kGoldenRatio) ^ scramble(position + 1));
}

}  // namespace dummynet::wire

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dummynet/wire/instant.hpp"
#include "dummynet/wire/pipeline.hpp"

namespace dummynet::wire {

/// What a random number is drawn for. Each purpose has its own stream, so that one model, switched on or off, does not
/// move another's numbers.
enum class Purpose : std::uint8_t { loss, chain, duplicate, corrupt, corrupt_bit, jitter, reorder, pie };
inline constexpr std::size_t kPurposes = 8;

/// Turns each of 2^64 numbers into another one that has nothing to do with it: the finaliser of SplitMix64 (Steele,
/// Lea, Flood: Fast splittable pseudorandom number generators, 2014).
constexpr std::uint64_t scramble(std::uint64_t number) noexcept {
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
  return number ^ (number >> 31);
}

inline constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15U;

/// The random numbers of one direction. They are counted, not drawn one after the other: the n-th packet's number
/// depends on seed, purpose, class and n, on nothing that happened before.
class RandomStreams {
 public:
  explicit constexpr RandomStreams(std::uint64_t seed) noexcept {
    for (std::size_t i = 0; i < keys_.size(); ++i) keys_[i] = scramble(scramble(seed) + (i + 1) * kGoldenRatio);
  }

  /// 64 random bits for the packet of this number; a copy has others than its original.
  constexpr std::uint64_t draw(Purpose purpose, PacketClass packet_class, std::uint64_t number,
                               bool is_copy = false) const noexcept {
    const std::size_t stream = static_cast<std::size_t>(purpose) * 4 + static_cast<std::size_t>(packet_class) * 2 +
                               static_cast<std::size_t>(is_copy);
    return scramble(keys_[stream] + number * kGoldenRatio);
  }

 private:
  std::array<std::uint64_t, kPurposes * 4> keys_{};
};

/// Something that happens with a given probability, exact to 2^-53.
class Chance {
 public:
  constexpr Chance() noexcept = default;
  /// Below 0 counts as 0, above 1 as 1.
  explicit constexpr Chance(double probability) noexcept {
    if (probability >= 1) {
      below_ = kOne;
    } else if (probability > 0) {
      below_ = static_cast<std::uint64_t>(probability * static_cast<double>(kOne));
    }
  }

  constexpr bool hits(std::uint64_t random_bits) const noexcept { return (random_bits >> 11) < below_; }
  constexpr bool is_possible() const noexcept { return below_ != 0; }

 private:
  static constexpr std::uint64_t kOne = std::uint64_t{1} << 53;
  std::uint64_t below_ = 0;
};

/// One of 0 … count-1, each as likely as the other to 2^-64 × count.
constexpr std::uint64_t pick(std::uint64_t random_bits, std::uint64_t count) noexcept {
  return static_cast<std::uint64_t>((Wide{random_bits} * count) >> 64);
}

}  // namespace dummynet::wire

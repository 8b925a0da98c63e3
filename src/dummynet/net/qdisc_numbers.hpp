#pragma once

#include <cmath>
#include <cstdint>

/// How the kernel's queueing disciplines count.
namespace dummynet::net {

constexpr double kCertain = 4294967295.0;  ///< chances: all 32 bits
constexpr std::int64_t kTickNanoseconds = 64;
constexpr std::uint16_t kNetemSeed = 15;  ///< TCA_NETEM_PRNG_SEED, Linux 6.6

inline std::uint32_t to_chance(double share) { return static_cast<std::uint32_t>(std::llround(share * kCertain)); }
inline double from_chance(std::uint32_t chance) { return chance / kCertain; }

}  // namespace dummynet::net

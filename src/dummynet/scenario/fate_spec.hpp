#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "dummynet/scenario/complaint.hpp"
#include "dummynet/wire/impairment.hpp"

namespace dummynet::scenario {

/// Who decides the fate of a link's packets.
enum class Emulation : std::uint8_t {
  engine,     ///< our own engine: everywhere, everything, seeded, measured
  kernel,     ///< netem and tbf: what they can do, where the kernel has them
  automatic,  ///< the kernel where it can do all that is asked of the link, else the engine
};
std::string_view to_string(Emulation emulation);

/// Properties that a file gives to packets, and where. What it does not give stays as it is.
struct ImpairmentSpec {
  wire::Impairment values{};
  /// By key: those of keys::kImpairment, `trace` counting as `rate`. Only these of `values` mean anything.
  std::map<std::string, Position, std::less<>> given{};

  bool is_given(std::string_view key) const { return given.contains(key); }
  bool operator==(const ImpairmentSpec&) const = default;
};

/// Gives `base` what the file says.
void refine(wire::Impairment& base, const ImpairmentSpec& spec);
/// The same for what is not settled yet; the finer one wins.
void refine(ImpairmentSpec& base, const ImpairmentSpec& finer);

/// Of a link, of all links of a preset, of a bottleneck.
struct FateSpec {
  ImpairmentSpec both{};
  std::array<ImpairmentSpec, 2> directions{};  ///< refine `both`; by wire::Direction
  std::optional<Emulation> emulation{};
  bool operator==(const FateSpec&) const = default;

  /// What one direction is given, all in all.
  ImpairmentSpec of(std::size_t direction) const;
};

}  // namespace dummynet::scenario

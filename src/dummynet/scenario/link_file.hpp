#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/wire/impairment.hpp"

namespace dummynet::scenario {

/// What is in a file that a link refers to, or the first thing that is wrong with it. Empty lines and what follows a
/// `#` count for nothing. Pure; in time linear in the text. Traces are wire's: wire/delivery_trace_text.hpp.
template <typename T>
struct LinkFile {
  T value{};
  std::size_t line = 0;  ///< of the mistake, from 1; 0: of the file as a whole
  std::string error{};   ///< "not ascending: …"; empty when there is a value
};

inline constexpr std::size_t kMaxLinkFileBytes = 64U << 20U;

/// `AT RATE` a line, e.g. `0s 10mbit`; the first at 0, ascending. A rate of `0bit`: nothing passes.
LinkFile<std::vector<wire::RateSchedule::Step>> parse_rate_schedule(std::string_view text);

/// A table of deviates as tc-netem(8) reads it (/usr/lib/tc/*.dist): whole numbers from -32768 to 32767, at most 16384.
LinkFile<std::vector<std::int16_t>> parse_jitter_table(std::string_view text);

}  // namespace dummynet::scenario

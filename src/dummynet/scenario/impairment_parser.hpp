#pragma once

#include <span>
#include <string_view>

#include "dummynet/scenario/fate_spec.hpp"
#include "dummynet/scenario/reader.hpp"

namespace dummynet::scenario {

/// The properties among a map's keys: keys::kImpairment. Other keys are the caller's.
ImpairmentSpec parse_impairment(Reader& reader, const Element& map);

/// The properties, `uplink`, `downlink` and `emulation` among a map's keys.
FateSpec parse_fate(Reader& reader, const Element& map);

/// The value of `emulation`.
std::optional<Emulation> parse_emulation(Reader& reader, const Element& element);

/// The value of `rate`.
std::optional<wire::Rate> parse_rate(Reader& reader, const Element& element);
/// The value of `trace`: a file's name.
std::optional<wire::Rate> parse_trace(Reader& reader, const Element& element);

/// The values of `queue` and `limit`; into `spec`, which they may both concern.
void parse_queue(Reader& reader, const Member& member, ImpairmentSpec& spec);
void parse_limit(Reader& reader, const Member& member, ImpairmentSpec& spec);

}  // namespace dummynet::scenario

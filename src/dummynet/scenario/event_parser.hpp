#pragma once

#include <vector>

#include "dummynet/scenario/reader.hpp"
#include "dummynet/scenario/scenario.hpp"

namespace dummynet::scenario {

/// The value of `events`, in the order of the file. Those that cannot be understood are left out.
std::vector<EventSpec> parse_events(Reader& reader, const Element& element);

}  // namespace dummynet::scenario

#pragma once

#include "dummynet/scenario/reader.hpp"
#include "dummynet/scenario/scenario.hpp"

namespace dummynet::scenario {

/// One entry of `processes`.
ProcessSpec parse_process(Reader& reader, const Member& member);

}  // namespace dummynet::scenario

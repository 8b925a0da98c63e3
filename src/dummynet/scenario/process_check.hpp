#pragma once

#include "dummynet/scenario/reader.hpp"
#include "dummynet/scenario/scenario.hpp"

namespace dummynet::scenario {

/// What can be said about one process without knowing the others: expressions that do not compile, expectations that
/// do not suit its role.
void check_process(Reader& reader, const ProcessSpec& process);

}  // namespace dummynet::scenario

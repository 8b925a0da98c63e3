#pragma once

#include <string_view>

#include "dummynet/scenario/scenario.hpp"
#include "dummynet/scenario/units.hpp"

namespace dummynet::scenario {

/// The number that this metric takes from a standard output, or why there is none. Pure.
/// A JSON path looks into the whole output, or if that is no JSON, into its last line that is an object.
Parsed<double> read_metric(const MetricSpec& metric, std::string_view out);

}  // namespace dummynet::scenario

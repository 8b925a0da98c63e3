#pragma once

#include <string>

#include "validate/measurements.hpp"

namespace validate {

/// Writes a page that holds what the engine did against what the kernel's netem did, both measured on one machine by
/// the same selection. Returns how many of the engine's losses missed their bounds; times and rates are told, not
/// judged, since the machine may be an emulated one.
int write_beside(const Measurements& engine, const Measurements& netem, const std::string& file);

}  // namespace validate

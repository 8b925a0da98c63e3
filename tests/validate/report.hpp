#pragma once

#include <filesystem>

#include "validate/measurements.hpp"

namespace validate {

/// Writes `folder`/fidelity.md and its pictures in `folder`/fidelity. Returns how many figures missed their bounds.
int write_report(const Measurements& all, Backend backend, const std::filesystem::path& folder);

}  // namespace validate

#pragma once

#include <filesystem>

#include "validate/measurements.hpp"

namespace validate {

/// delay.svg, loss.svg, rate.svg and tcp.svg in `folder`.
void draw_pictures(const Measurements& all, const std::filesystem::path& folder);

}  // namespace validate

#pragma once

namespace dummynet::cli {

/// Somebody watches standard output.
bool is_watched();

/// Standard output is a terminal that knows colours, and NO_COLOR is not set (https://no-color.org).
bool wants_colour();

}  // namespace dummynet::cli

#pragma once

namespace dummynet::cli {

/// The project's version, as the build was told: "0.1.0".
extern const char* const kVersion;

}  // namespace dummynet::cli

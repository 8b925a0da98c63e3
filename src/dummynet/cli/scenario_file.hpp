#pragma once

#include <optional>
#include <string>
#include <system_error>

#include "dummynet/scenario/planner.hpp"

namespace dummynet::cli {

/// A scenario file, read and planned.
struct ScenarioFile {
  std::string shown_name;  ///< for messages: the path as given, or "<stdin>"
  std::string path;        ///< absolute, or "<stdin>"
  scenario::Planned planned;
};

/// Reads at most a little more than a scenario may have, however large the file is; "-" is standard input. Without a
/// `name` the plan is called after the file. Files that it refers to are looked for beside it, those of a scenario from
/// standard input in the current directory. Throws std::system_error when it cannot be read.
ScenarioFile load_scenario(const std::string& path, std::optional<scenario::Emulation> emulation = {});

/// On standard error, as "FILE:LINE:COLUMN: warning: …".
void tell_warnings(const ScenarioFile& file);

}  // namespace dummynet::cli

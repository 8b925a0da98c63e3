#pragma once

#include <optional>
#include <string>

#include "dummynet/core/run_info.hpp"
#include "dummynet/scenario/planner.hpp"
#include "dummynet/scenario/result.hpp"

namespace dummynet::scenario {

/// What this ending broke, if it broke anything: of a process that ended by itself or by its own time limit, not of one
/// that we stopped because the run was over. Pure. `at` and `consequences` are the caller's to fill in.
std::optional<Cause> judge_ending(const PlannedProcess& process, const RunInfo& info);

/// Whether the output is as expected, of a process whose ending was right. Pure.
std::optional<Cause> judge_output(const PlannedProcess& process, const RunInfo& info);

/// "exited with 3", or more where more is known: what a shell's 126 and 127 mean, that it was a timeout, that we
/// stopped it.
std::string describe_ending(const RunInfo& info);

/// What a person wants to see first: the last lines of standard error, or if there are none, of standard output.
std::string last_lines(const RunInfo& info);

}  // namespace dummynet::scenario

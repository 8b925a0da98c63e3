#pragma once

#include "dummynet/scenario/result.hpp"

namespace dummynet::cli {

/// What the command hands to its caller. 128 + n: stopped by signal n.
enum ExitCode : int {
  kPassed = 0,
  kFailed = 1,
  kUsage = 2,    ///< wrong options, a file that cannot be read or is no good scenario
  kMachine = 3,  ///< this machine cannot do it; `dummynet doctor` says why
  kInconclusive = 4,
};

int exit_code_of(const scenario::RunResult& result);

/// That of one process, as a shell would say it: its exit code, or 128 + its signal. But never 0 for a run that did not
/// pass, and the run's own code where the process did not end in a way that has one.
int exit_code_from(const scenario::RunResult& result, std::string_view process);

}  // namespace dummynet::cli

#include "dummynet/cli/exit_code.hpp"

namespace dummynet::cli {

int exit_code_of(const scenario::RunResult& result) {
  switch (result.verdict) {
    case scenario::Verdict::passed:
      return kPassed;
    case scenario::Verdict::failed:
      return kFailed;
    case scenario::Verdict::error:
      return kMachine;
    case scenario::Verdict::inconclusive:
      return kInconclusive;
    case scenario::Verdict::interrupted:
      return 128 + result.signal;
  }
  return kInconclusive;
}

int exit_code_from(const scenario::RunResult& result, std::string_view process) {
  const int own = exit_code_of(result);
  if (result.verdict == scenario::Verdict::interrupted) return own;
  for (const scenario::ProcessResult& one : result.processes) {
    if (one.name != process || !one.info || !one.info->ending || one.info->stopped) continue;
    int code = own;
    if (const auto* exited = std::get_if<Exited>(&*one.info->ending)) code = exited->code;
    if (const auto* killed = std::get_if<Killed>(&*one.info->ending)) code = 128 + killed->signal;
    return code == 0 ? own : code;
  }
  return own;
}

}  // namespace dummynet::cli

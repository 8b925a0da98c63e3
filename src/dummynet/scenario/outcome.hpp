#pragma once

#include <string>
#include <vector>

#include "dummynet/scenario/planner.hpp"
#include "dummynet/scenario/result.hpp"

namespace dummynet::scenario {

/// How close two ends must be for the daemon's to count as the first one. A dying server's sockets are closed before
/// its end can be seen, so its client may be seen to end earlier, because of it.
inline constexpr std::chrono::milliseconds kSimultaneous{10};

/// The earliest one, but a daemon's failure before a client's that was seen at about the same time, and the engine's
/// end before all. Pure; at least one.
const Cause& choose_cause(const std::vector<Cause>& causes);

/// What followed for the other processes: "client was stopped after 1.2s", "late was never started". Pure.
std::vector<std::string> find_consequences(const Plan& plan, const std::vector<ProcessResult>& processes,
                                           const Cause& cause);

/// "client exited with 0 after 5.02s; server stayed up throughout". Pure.
std::string describe_success(const std::vector<ProcessResult>& processes);

}  // namespace dummynet::scenario

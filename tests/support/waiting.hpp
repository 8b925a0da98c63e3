#pragma once

#include <chrono>
#include <functional>

#include "dummynet/os/cgroup.hpp"

/// How tests wait: for a fact, never for a time. Each of these is false when it has not come after its patience.
namespace dummynet::test {

/// Far beyond what anything here takes on a busy machine: a deadline that is only there to fail.
inline constexpr std::chrono::seconds kPatience{60};

/// Waits until there is something to read, or an end: poll(2).
bool becomes_readable(int fd, std::chrono::milliseconds patience = kPatience);

/// Waits until no process is left in it or below: the kernel says so, cgroup.events.
bool becomes_empty(const os::Cgroup& cgroup);

/// For facts that no descriptor tells of (what others do, counters that have to be asked for): looks again and again,
/// some hundred times a second, until `holds`.
bool eventually(const std::function<bool()>& holds, std::chrono::seconds patience = kPatience);

}  // namespace dummynet::test

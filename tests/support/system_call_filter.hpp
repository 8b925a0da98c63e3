#pragma once

#include <vector>

namespace dummynet::test {

/// A system call that answers with an error instead of doing anything.
struct RefusedCall {
  long number;
  int error_number;
  /// When not 0: only calls whose first argument has one of these bits, as clone(2) and unshare(2) with CLONE_NEWUSER.
  unsigned flags = 0;
};

/// Refuses them from now on to this process and all that it starts, set-uid programs included: seccomp(2), as a
/// container or a sandboxed service does. Needs no rights. Throws std::system_error.
void refuse_calls(const std::vector<RefusedCall>& calls);

}  // namespace dummynet::test

#pragma once

#include <optional>
#include <string>
#include <vector>

namespace dummynet::cli {

/// What is known about this machine where namespaces are concerned; absent: not there, or not to be read.
struct MachineFacts {
  bool has_cap_sys_admin = false;
  std::optional<long> max_user_namespaces{};        ///< user.max_user_namespaces
  std::optional<long> max_net_namespaces{};         ///< user.max_net_namespaces
  std::optional<long> unprivileged_userns_clone{};  ///< kernel.unprivileged_userns_clone: Debian's switch
  std::optional<long> apparmor_restricts{};         ///< kernel.apparmor_restrict_unprivileged_userns: Ubuntu's
  std::optional<int> seccomp_mode{};                ///< "Seccomp:" in /proc/self/status: 2 = filtered
  bool in_chroot = false;                           ///< our root directory is not that of our mount namespace
};

MachineFacts read_machine_facts();

/// A refusal, as the warden told it.
struct RefusedStep {
  std::string object{};  ///< e.g. "make a user namespace"
  int error_number = 0;
};

/// In words: why it was refused, and what would mend it.
struct Diagnosis {
  std::string cause{};
  std::string mend{};
};
/// Pure.
Diagnosis diagnose(const RefusedStep& refused, const MachineFacts& facts);

}  // namespace dummynet::cli

#pragma once

#include <string>
#include <vector>

#include "dummynet/os/fd.hpp"
#include "dummynet/warden/protocol.hpp"

namespace dummynet::warden {

/// The namespaces of a run: namespaces(7), user_namespaces(7). All of it happens before anything is started.
enum class Enclosure {
  none,     ///< host processes
  isolate,  ///< PID and mount namespace; identity-mapped user namespace for an ordinary user
  sandbox,  ///< user (uid 0), PID, mount, network, IPC and UTS namespaces
};

/// Enters them. On success it returns in a new process, PID 1 of the enclosure (Enclosure::none: in the caller); the
/// caller itself has ended. On refusal it returns what was refused in the caller.
/// `host_network`: a sandbox without a network namespace of its own, for which the caller needs the rights of root.
std::vector<Refusal> enter(Enclosure enclosure, bool host_network = false);

/// sysfs shows the network namespace of whoever mounts it. What was mounted below, the cgroups above all, is put back.
/// Where that is refused, as in a container with masks, /sys stays.
void mount_own_sys();

/// Has this process CAP_SYS_ADMIN? capabilities(7)
bool has_cap_sys_admin();

/// Goes to another namespace and comes back at the end of the scope: setns(2). The caller is single-threaded.
class NamespaceVisit {
 public:
  /// `kind`: CLONE_NEWNET or CLONE_NEWNS.
  NamespaceVisit(const os::Fd& there, int kind);
  ~NamespaceVisit();
  NamespaceVisit(const NamespaceVisit&) = delete;
  NamespaceVisit& operator=(const NamespaceVisit&) = delete;

 private:
  os::Fd home_;
  int kind_;
};

}  // namespace dummynet::warden

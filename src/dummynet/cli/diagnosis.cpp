#include "dummynet/cli/diagnosis.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>
#include <system_error>

namespace dummynet::cli {
namespace {

std::optional<long> read_number(const char* path) {
  std::ifstream file{path};
  long value = 0;
  if (file >> value) return value;
  return std::nullopt;
}

/// The value after "KEY:" in /proc/self/status, in the given base.
std::optional<unsigned long> read_status(std::string_view key, int base) {
  std::ifstream file{"/proc/self/status"};
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ':') continue;
    const std::size_t start = line.find_first_not_of(" \t", key.size() + 1);
    unsigned long value = 0;
    if (start == std::string::npos) return std::nullopt;
    std::from_chars(line.data() + start, line.data() + line.size(), value, base);
    return value;
  }
  return std::nullopt;
}

/// In a chroot "/" is not the mount point on top: mountinfo then has no entry for it.
bool is_in_chroot() {
  std::ifstream file{"/proc/self/mountinfo"};
  if (!file) return false;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields{line};
    std::string id, parent, device, root, mount_point;
    if (fields >> id >> parent >> device >> root >> mount_point && mount_point == "/") return false;
  }
  return true;
}

}  // namespace

MachineFacts read_machine_facts() {
  constexpr unsigned long kCapSysAdmin = 21;  // capabilities(7)
  MachineFacts facts;
  facts.has_cap_sys_admin = ((read_status("CapEff", 16).value_or(0) >> kCapSysAdmin) & 1U) != 0;
  facts.max_user_namespaces = read_number("/proc/sys/user/max_user_namespaces");
  facts.max_net_namespaces = read_number("/proc/sys/user/max_net_namespaces");
  facts.unprivileged_userns_clone = read_number("/proc/sys/kernel/unprivileged_userns_clone");
  facts.apparmor_restricts = read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
  if (const auto mode = read_status("Seccomp", 10)) facts.seccomp_mode = static_cast<int>(*mode);
  facts.in_chroot = is_in_chroot();
  return facts;
}

Diagnosis diagnose(const RefusedStep& refused, const MachineFacts& facts) {
  if (refused.error_number == ENOSPC && facts.max_user_namespaces == 0) {
    return {"no user namespaces may be made: user.max_user_namespaces is 0",
            "as root: sysctl -w user.max_user_namespaces=15000"};
  }
  if (refused.error_number == ENOSPC && facts.max_net_namespaces == 0) {
    return {"no network namespaces may be made: user.max_net_namespaces is 0",
            "as root: sysctl -w user.max_net_namespaces=15000"};
  }
  if (refused.error_number == ENOSPC) {
    return {"all namespaces that this user may have are taken, or they are nested deeper than 32",
            "end what holds them, or as root raise the limits below /proc/sys/user/"};
  }
  if (facts.has_cap_sys_admin && refused.object.find("/proc") != std::string::npos) {
    return {"/proc is masked, as in a container",
            "start the container with --security-opt systempaths=unconfined, or --privileged"};
  }
  if (facts.unprivileged_userns_clone == 0 && !facts.has_cap_sys_admin) {
    return {"ordinary users may not make user namespaces: kernel.unprivileged_userns_clone is 0",
            "as root: sysctl -w kernel.unprivileged_userns_clone=1, or run dummynet as root"};
  }
  if (facts.apparmor_restricts == 1 && !facts.has_cap_sys_admin) {
    return {"AppArmor keeps ordinary users' namespaces powerless: kernel.apparmor_restrict_unprivileged_userns is 1",
            "as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run dummynet as root"};
  }
  if (refused.object.find("mount /proc") != std::string::npos) {
    return {"parts of /proc are masked, as in a container, so the kernel does not show it whole",
            "start the container with --security-opt systempaths=unconfined, or --privileged"};
  }
  if (refused.error_number == EPERM && facts.in_chroot) {
    return {"this is a chroot, where user namespaces are refused: user_namespaces(7)",
            "run dummynet outside of the chroot, or as root"};
  }
  if ((refused.error_number == EPERM || refused.error_number == ENOSYS) && facts.seccomp_mode == 2) {
    return {"a seccomp filter refuses namespaces, as Docker's default profile does",
            "start the container with --security-opt seccomp=unconfined, or --privileged"};
  }
  return {"the kernel says: " + std::system_category().message(refused.error_number),
          "see user_namespaces(7); the kernel needs CONFIG_USER_NS, CONFIG_NET_NS, CONFIG_PID_NS and CONFIG_VETH"};
}

}  // namespace dummynet::cli

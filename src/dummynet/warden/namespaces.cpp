#include "dummynet/warden/namespaces.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "dummynet/os/check.hpp"
#include "dummynet/os/spawn.hpp"

namespace dummynet::warden {

namespace {

Refusal refusal(const std::string& object) {
  return {static_cast<std::uint8_t>(os::SpawnStep::namespaces), errno, object, false};
}

bool write_file(const char* path, const std::string& text) {
  const os::Fd file{::open(path, O_WRONLY | O_CLOEXEC)};
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// One id of ours is all that an ordinary user may map; setgroups(2) has to be given up for it: user_namespaces(7).
std::vector<Refusal> map_identity(uid_t uid, gid_t gid, bool to_root) {
  if (!write_file("/proc/self/setgroups", "deny")) return {refusal("write /proc/self/setgroups")};
  const auto line = [to_root](unsigned id) {
    return std::to_string(to_root ? 0U : id) + ' ' + std::to_string(id) + " 1";
  };
  if (!write_file("/proc/self/uid_map", line(uid))) return {refusal("write /proc/self/uid_map")};
  if (!write_file("/proc/self/gid_map", line(gid))) return {refusal("write /proc/self/gid_map")};
  return {};
}

bool bring_loopback_up() {
  const os::Fd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  return socket && ::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0;
}

// A fresh /proc for our PID namespace. Containers mask parts of theirs, and the kernel then refuses to show it whole.
std::vector<Refusal> mount_own_views(bool own_network) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return {refusal("mount / private")};
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) return {refusal("mount /proc")};
  if (own_network) mount_own_sys();
  if (own_network && !bring_loopback_up()) return {refusal("bring up the loopback interface")};
  return {};
}

}  // namespace

void mount_own_sys() {
  const os::Fd old_cgroups{::open("/sys/fs/cgroup", O_PATH | O_DIRECTORY | O_CLOEXEC)};
  os::Fd tree;
#ifdef SYS_open_tree
  if (old_cgroups) {
    tree = os::Fd{static_cast<int>(::syscall(
        SYS_open_tree, old_cgroups.get(), "",
        1U /*OPEN_TREE_CLONE*/ | static_cast<unsigned>(O_CLOEXEC) | AT_EMPTY_PATH | 0x8000U /*AT_RECURSIVE*/))};
  }
#endif
  if (::mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) return;  // a masked container
#ifdef SYS_move_mount
  if (tree) ::syscall(SYS_move_mount, tree.get(), "", AT_FDCWD, "/sys/fs/cgroup", 4U /*MOVE_MOUNT_F_EMPTY_PATH*/);
#endif
}

bool has_cap_sys_admin() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  if (::syscall(SYS_capget, &header, data) != 0) return false;
  return (data[CAP_SYS_ADMIN / 32].effective & (1U << (CAP_SYS_ADMIN % 32))) != 0;
}

std::vector<Refusal> enter(Enclosure enclosure, bool host_network) {
  if (enclosure == Enclosure::none) return {};
  const bool sandbox = enclosure == Enclosure::sandbox;
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  int kinds = CLONE_NEWNS | CLONE_NEWPID;
  if (sandbox) kinds |= CLONE_NEWIPC | CLONE_NEWUTS;
  const bool own_network = sandbox && !host_network;
  if (own_network) kinds |= CLONE_NEWNET;
  if (!has_cap_sys_admin()) {
    if (host_network) {
      errno = EPERM;
      return {refusal("act on the machine's own network, which needs CAP_SYS_ADMIN and CAP_NET_ADMIN (root)")};
    }
    if (::unshare(CLONE_NEWUSER) != 0) return {refusal("make a user namespace")};
    if (auto refused = map_identity(uid, gid, sandbox); !refused.empty()) return refused;
  }
  if (::unshare(kinds) != 0) return {refusal("make the namespaces of the run")};

  const pid_t child = ::fork();
  if (child < 0) return {refusal("fork into the PID namespace")};
  if (child > 0) ::_exit(0);  // whoever watches us has the socket; the child is an orphan, as every warden
  return mount_own_views(own_network);
}

NamespaceVisit::NamespaceVisit(const os::Fd& there, int kind)
    : home_{os::check(::open(kind == CLONE_NEWNET ? "/proc/self/ns/net" : "/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC),
                      "open /proc/self/ns")},
      kind_{kind} {
  os::check(::setns(there.get(), kind), "setns");
}

NamespaceVisit::~NamespaceVisit() {
  if (::setns(home_.get(), kind_) != 0) ::_exit(1);  // lost in a node: nothing that follows would be right
}

}  // namespace dummynet::warden

#include "dummynet/warden/namespaces.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
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
  if (own_network && !bring_loopback_up()) return {refusal("bring up the loopback interface")};
  return {};
}

}  // namespace

bool has_cap_sys_admin() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  if (::syscall(SYS_capget, &header, data) != 0) return false;
  return (data[CAP_SYS_ADMIN / 32].effective & (1U << (CAP_SYS_ADMIN % 32))) != 0;
}

std::vector<Refusal> enter(Enclosure enclosure) {
  if (enclosure == Enclosure::none) return {};
  const bool sandbox = enclosure == Enclosure::sandbox;
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  int kinds = CLONE_NEWNS | CLONE_NEWPID;
  if (sandbox) kinds |= CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
  if (!has_cap_sys_admin()) {
    if (::unshare(CLONE_NEWUSER) != 0) return {refusal("make a user namespace")};
    if (auto refused = map_identity(uid, gid, sandbox); !refused.empty()) return refused;
  }
  if (::unshare(kinds) != 0) return {refusal("make the namespaces of the run")};

  const pid_t child = ::fork();
  if (child < 0) return {refusal("fork into the PID namespace")};
  if (child > 0) ::_exit(0);  // whoever watches us has the socket; the child is an orphan, as every warden
  return mount_own_views(sandbox);
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

namespace {

// sysfs shows the network namespace of whoever mounts it. What was mounted below, the cgroups above all, is put back.
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

// A directory that everybody has, to mount something over for a moment in a mount namespace that nobody else sees.
const char* any_directory() {
  for (const char* path : {"/tmp", "/run", "/mnt", "/var"}) {
    struct stat status {};
    if (::stat(path, &status) == 0 && S_ISDIR(status.st_mode)) return path;
  }
  return "/";
}

}  // namespace

NodeNamespaces::NodeNamespaces() {
  const os::Fd home_network{os::check(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "open /proc/self/ns/net")};
  const os::Fd home_mount{os::check(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), "open /proc/self/ns/mnt")};
  os::check(::unshare(CLONE_NEWNET | CLONE_NEWNS), "unshare a node's namespaces");
  network_ = os::Fd{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
  mount_ = os::Fd{::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)};
  const int error = errno;
  mount_own_sys();
  if (::setns(home_network.get(), CLONE_NEWNET) != 0 || ::setns(home_mount.get(), CLONE_NEWNS) != 0) ::_exit(1);
  if (!network_ || !mount_) os::throw_errno(error, "open a node's namespaces");
}

bool NodeNamespaces::open_to_everybody() {
  if (is_open_) return true;
  const NamespaceVisit visit{network_, CLONE_NEWNET};
  const char* const groups = "/proc/sys/net/ipv4/ping_group_range";
  // Where only one group is mapped, only that one can be named.
  is_open_ = write_file("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0") &&
             (write_file(groups, "0 2147483647") || write_file(groups, "0 0"));
  return is_open_;
}

void NodeNamespaces::set_file(const std::string& path, const std::string& content) {
  const NamespaceVisit visit{mount_, CLONE_NEWNS};
  if (std::find(replaced_.begin(), replaced_.end(), path) == replaced_.end()) {
    // A file on a tmpfs of its own, bound over the real one; the tmpfs is then taken away and lives on in the binding.
    const char* stage = any_directory();
    os::check(::mount("tmpfs", stage, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755"), "mount a tmpfs on", stage);
    const std::string file = std::string{stage} + "/file";
    const os::Fd made{::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644)};
    const bool bound = made && ::mount(file.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0;
    const int error = errno;
    ::umount2(stage, MNT_DETACH);
    if (!bound) os::throw_errno(error, "replace " + path);
    replaced_.push_back(path);
  }
  const os::Fd file{os::check(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC), "open", path)};
  for (std::string_view rest = content; !rest.empty();) {
    const ssize_t written = os::check(::write(file.get(), rest.data(), rest.size()), "write", path);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace dummynet::warden

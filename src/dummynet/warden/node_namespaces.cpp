#include "dummynet/warden/node_namespaces.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "dummynet/os/check.hpp"
#include "dummynet/os/sysctl.hpp"
#include "dummynet/warden/namespaces.hpp"

namespace dummynet::warden {

namespace {

constexpr const char* kOwnNetwork = "/proc/self/ns/net";
constexpr const char* kOwnMount = "/proc/self/ns/mnt";

os::Fd open_namespace(const char* path) { return os::Fd{os::check(::open(path, O_RDONLY | O_CLOEXEC), "open", path)}; }

// A directory that everybody has, to mount something over in a mount namespace that nobody else sees.
const char* any_directory() {
  for (const char* path : {"/tmp", "/run", "/mnt", "/var"}) {
    struct stat status {};
    if (::stat(path, &status) == 0 && S_ISDIR(status.st_mode)) return path;
  }
  return "/";
}

void write_all(const os::Fd& file, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = os::check(::write(file.get(), content.data(), content.size()), "write", path);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

void bind_over(const std::string& file, const std::string& path) {
  os::check(::mount(file.c_str(), path.c_str(), nullptr, MS_BIND, nullptr), "replace", path);
}

/// The two limits that many nodes meet, in plain words.
std::string explain(int error_number) {
  if (error_number == EMFILE) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return " (a node needs an open file, and one more with its first process; the hard limit is " +
           std::to_string(limit.rlim_max) + ", see ulimit -Hn)";
  }
  if (error_number == ENOSPC) {
    return " (the kernel allows no more: sysctl user.max_net_namespaces, user.max_mnt_namespaces)";
  }
  return {};
}

/// Throws what went wrong with the node in its words and the system's.
[[noreturn]] void throw_for_node(const std::string& name, const std::system_error& error) {
  std::string what = error.what();
  const std::string words = ": " + error.code().message();  // said again by whoever throws this number
  if (what.ends_with(words)) what.resize(what.size() - words.size());
  os::throw_errno(error.code().value(), "node " + name + ": " + what + explain(error.code().value()));
}

}  // namespace

void NodeNamespaces::set_file(const std::string& path, const std::string& content) {
  const NamespaceVisit visit{mount_, CLONE_NEWNS};
  if (std::find(own_files_.begin(), own_files_.end(), path) == own_files_.end()) {
    // A file on a tmpfs of its own, bound over the other one; the tmpfs is then taken away and lives on in the binding.
    const char* stage = any_directory();
    os::check(::mount("tmpfs", stage, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755"), "mount a tmpfs on", stage);
    const std::string file = std::string{stage} + "/file";
    const os::Fd made{::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644)};
    const bool bound = made && ::mount(file.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0;
    const int error = errno;
    ::umount2(stage, MNT_DETACH);
    if (!bound) os::throw_errno(error, "replace " + path);
    own_files_.push_back(path);
  }
  const os::Fd file{os::check(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC), "open", path)};
  write_all(file, content, path);
}

std::vector<std::string> NodeNamespaces::set_sysctls(const std::vector<Sysctl>& sysctls) const {
  const NamespaceVisit visit{network_, CLONE_NEWNET};
  return change_sysctls(sysctls);
}

std::vector<std::string> change_sysctls(const std::vector<Sysctl>& sysctls) {
  std::vector<std::string> before;
  try {
    for (const auto& [name, value] : sysctls) {
      before.push_back(os::get_sysctl(name));
      os::set_sysctl(name, value);
    }
  } catch (...) {
    // The last one that was read was not set.
    for (std::size_t i = before.size(); i > 0; --i) {
      try {
        os::set_sysctl(sysctls[i - 1].name, before[i - 1]);
      } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch): the first refusal is the one to be told
      }
    }
    throw;
  }
  return before;
}

bool NodeNamespaces::open_to_everybody() {
  if (is_open_) return true;
  const NamespaceVisit visit{network_, CLONE_NEWNET};
  const auto set = [](const char* name, const char* value) {
    try {
      os::set_sysctl(name, value);
      return true;
    } catch (const std::system_error&) {
      return false;
    }
  };
  // Where only one group is mapped, only that one can be named.
  is_open_ = set("net.ipv4.ip_unprivileged_port_start", "0") &&
             (set("net.ipv4.ping_group_range", "0 2147483647") || set("net.ipv4.ping_group_range", "0 0"));
  return is_open_;
}

/// Whatever is entered meanwhile, at its end the warden is where it lives.
class NodeMaker::Journey {
 public:
  Journey(const NodeMaker& maker, int kinds) noexcept : maker_{maker}, kinds_{kinds} {}
  Journey(const Journey&) = delete;
  Journey& operator=(const Journey&) = delete;
  ~Journey() {
    const auto is_back = [this](int kind, const os::Fd& home) {
      return (kinds_ & kind) == 0 || ::setns(home.get(), kind) == 0;
    };
    // Lost: nothing that follows would be right.
    if (!is_back(CLONE_NEWNET, maker_.home_network_) || !is_back(CLONE_NEWNS, maker_.home_mount_)) ::_exit(1);
  }

 private:
  const NodeMaker& maker_;
  int kinds_;
};

NodeMaker::NodeMaker()
    : home_network_{open_namespace(kOwnNetwork)}, home_mount_{open_namespace(kOwnMount)}, stage_{any_directory()} {
  os::check(::unshare(CLONE_NEWNS), "make the mount namespace that nodes are copies of");
  const Journey journey{*this, CLONE_NEWNS};
  os::check(::mount("tmpfs", stage_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"),
            "mount a tmpfs for the files of nodes on", stage_);
  stage_directory_ =
      os::Fd{os::check(::open(stage_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "open the tmpfs on", stage_)};
  template_mount_ = open_namespace(kOwnMount);
}

std::vector<NodeMaker::Made> NodeMaker::make(std::vector<NewNode> wanted) {
  const Journey journey{*this, CLONE_NEWNET};
  std::vector<Made> made;
  made.reserve(wanted.size());
  for (NewNode& one : wanted) {
    try {
      made.push_back(make_one(one));
    } catch (const std::system_error& error) {
      throw_for_node(one.name, error);
    }
  }
  return made;
}

NodeMaker::Made NodeMaker::make_one(NewNode& wanted) {
  os::check(::unshare(CLONE_NEWNET), "make its network namespace");
  Made made;
  made.node = std::make_unique<NodeNamespaces>(wanted.name, open_namespace(kOwnNetwork));
  made.rtnetlink =
      os::Fd{os::check(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "open an rtnetlink socket")};
  for (NewFile& file : wanted.files) keep(*made.node, file);
  for (const auto& [name, value] : wanted.sysctls) os::set_sysctl(name, value);
  return made;
}

/// Remembers it for the mount namespace; what is shared is written now, once.
void NodeMaker::keep(NodeNamespaces& node, NewFile& file) {
  if (::access(file.path.c_str(), F_OK) != 0) {
    if (file.if_there) return;
    os::throw_errno(errno, "replace " + file.path);
  }
  if (file.shared != 0) {
    if (file.has_content) shared_[file.shared] = write_staged(file.content, file.path);
    const auto found = shared_.find(file.shared);
    if (found == shared_.end()) os::throw_errno(EINVAL, "a shared file without content");
    file.content = found->second;  // its name now: a later network may use the number anew
  }
  node.files_.push_back(std::move(file));
}

void NodeMaker::prepare(NodeNamespaces& node) {
  if (node.mount_) return;
  try {
    const Journey journey{*this, CLONE_NEWNET | CLONE_NEWNS};
    node.mount_ = make_mount_namespace(node);
    node.files_ = {};
  } catch (const std::system_error& error) {
    node.own_files_.clear();
    throw_for_node(node.name_, error);
  }
}

os::Fd NodeMaker::make_mount_namespace(NodeNamespaces& node) {
  os::check(::setns(node.network_.get(), CLONE_NEWNET), "enter its network namespace");  // whose /sys is to be seen
  os::check(::setns(template_mount_.get(), CLONE_NEWNS), "enter the mount namespace that nodes are copies of");
  os::check(::unshare(CLONE_NEWNS), "make its mount namespace");
  os::Fd mount = open_namespace(kOwnMount);
  mount_own_sys();
  for (const NewFile& file : node.files_) place_file(node, file);
  ::umount2(stage_.c_str(), MNT_DETACH);
  return mount;
}

void NodeMaker::place_file(NodeNamespaces& node, const NewFile& file) {
  const std::string name = file.shared != 0 ? file.content : write_staged(file.content, file.path);
  bind_over(stage_ + '/' + name, file.path);
  if (file.shared == 0) {
    node.own_files_.push_back(file.path);
    return;
  }
  // One node must not write what others read.
  os::check(
      ::mount(nullptr, file.path.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, nullptr),
      "make read-only", file.path);
}

/// Returns its name on the tmpfs.
std::string NodeMaker::write_staged(const std::string& content, const std::string& path) {
  std::string name = std::to_string(++files_);
  const os::Fd made{os::check(
      ::openat(stage_directory_.get(), name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644), "write", path)};
  write_all(made, content, path);
  return name;
}

}  // namespace dummynet::warden

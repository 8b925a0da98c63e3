#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/core/process_handle.hpp"
#include "dummynet/core/warden.hpp"
#include "dummynet/net/link_info.hpp"
#include "dummynet/net/netlink.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet::net {

/// A network namespace as DummyNet works with it: network_namespaces(7).
class Netns {
 public:
  /// A new one, its loopback up.
  static std::shared_ptr<Netns> make(Warden& warden, const std::string& name);
  /// The one that the warden lives in. Its name is empty.
  static std::shared_ptr<Netns> root(Warden& warden);

  const std::string& name() const noexcept { return name_; }
  /// For messages: "eth0" in the root namespace, else "server:eth0".
  std::string object(const std::string& interface) const;
  int node() const noexcept { return node_; }
  bool is_root() const noexcept { return node_ < 0; }
  /// For IFLA_NET_NS_FD.
  int fd() const noexcept { return fd_.get(); }
  NetlinkSocket& rtnetlink() noexcept { return rtnetlink_; }
  os::Fd open_socket(int domain, int type, int protocol) const;

  std::vector<LinkInfo> links();
  std::optional<LinkInfo> find_link(const std::string& kernel_name);
  /// Waits until all interfaces that are up and have a carrier carry packets: the kernel notices that in a thread.
  void settle();

  /// Whose network this is, as this program sees them; zombies are none.
  std::vector<pid_t> processes() const;
  /// SIGKILL, and waits for its end. False: there is no such process in here.
  bool kill(pid_t pid) const;
  /// SIGKILL to all, also to those that are started meanwhile, until none is left. Throws std::system_error with
  /// ETIMEDOUT when one cannot be killed.
  void kill_all() const;

  /// Not to be used any more. Lets go of all.
  void drop();
  bool is_dropped() const noexcept { return dropped_; }

  /// What DummyNet started in here.
  std::vector<ProcessHandle> started;
  /// The interfaces (by index) whose queueing discipline it set.
  std::vector<std::uint32_t> with_qdisc;

 private:
  Netns(Warden& warden, std::string name, int node, os::Fd fd, os::Fd rtnetlink);
  bool holds(pid_t pid) const;

  Warden& warden_;
  std::string name_;
  int node_;
  os::Fd fd_;
  NetlinkSocket rtnetlink_;
  dev_t device_ = 0;  // with the inode it names one namespace only
  ino_t inode_ = 0;
  bool dropped_ = false;
};

}  // namespace dummynet::net

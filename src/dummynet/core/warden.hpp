#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "dummynet/core/run_info.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet {

/// The door to the warden, the small process that owns every process of a run: what layers above core may ask of it.
/// Every call blocks for one round trip and throws std::system_error with the warden's step and object on refusal.
class Warden {
 public:
  virtual ~Warden() = default;

  /// A new node: an own network namespace (loopback still down) and an own mount namespace with /sys of that network.
  /// Needs MonitorOptions::sandbox. It lives as long as the warden.
  struct Node {
    int id;        ///< for Place and the calls below
    os::Fd netns;  ///< its network namespace, e.g. for IFLA_NET_NS_FD; may be closed at will
  };
  virtual Node make_node() = 0;

  /// Replaces a file, e.g. /etc/hosts, for all processes of this node. The file must exist outside.
  virtual void set_node_file(int node, const std::string& path, const std::string& content) = 0;

  /// socket(2) in the node's network namespace (-1: the one the warden lives in). Close-on-exec. What an ordinary user
  /// could not open there himself (rtnetlink, netfilter, sock_diag, packet) works: the creator of the namespace owns
  /// it.
  virtual os::Fd open_socket(int node, int domain, int type, int protocol) = 0;

  /// The warden's own pid as this program sees it.
  virtual pid_t pid() const = 0;
  virtual Containment containment() const = 0;
};

}  // namespace dummynet

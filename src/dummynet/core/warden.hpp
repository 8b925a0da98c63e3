#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
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

  struct Sysctl {
    std::string name;
    std::string value;
  };

  /// A new node: an own network namespace (loopback still down) and an own mount namespace with /sys of that network.
  /// Needs MonitorOptions::sandbox. It lives as long as the warden.
  struct Node {
    int id = -1;       ///< for Place and the calls below
    os::Fd netns;      ///< its network namespace, e.g. for IFLA_NET_NS_FD; may be closed at will
    os::Fd rtnetlink;  ///< a fresh socket in it, rtnetlink(7); may be closed at will
  };
  /// What to make it with.
  struct NodeSetup {
    struct File {
      std::string path;
      std::string content;    ///< for all processes of this node
      bool if_there = false;  ///< do without where the machine has no such file; else that is refused
      /// In the place of `content`, read-only. A shared_ptr, since one large text may be that of thousands of nodes.
      std::shared_ptr<const std::string> shared{};
    };
    std::string name;  ///< for refusals
    std::vector<File> files;
    std::vector<Sysctl> sysctls;
  };
  /// Makes many: while the caller works on one, the warden makes the next. `setup` is asked for each in order; `made`
  /// gets each in order. What `made` throws comes out when the warden is idle again.
  virtual void make_nodes(std::size_t count, const std::function<NodeSetup(std::size_t)>& setup,
                          const std::function<void(std::size_t, Node)>& made) = 0;
  /// One with nothing special.
  Node make_node();

  /// Replaces a file, e.g. /etc/hosts, for all processes of this node. The file must exist outside.
  virtual void set_node_file(int node, const std::string& path, const std::string& content) = 0;

  /// Sets what is named by sysctl(8) below net, "net.ipv4.ip_forward", for the node's network (-1: that of the
  /// sandbox). All or, when one is refused, none. Returns what they were. See os/sysctl.hpp.
  virtual std::vector<Sysctl> set_sysctls(int node, const std::vector<Sysctl>& sysctls) = 0;

  /// Lets go of a node: its namespaces, and what is in them, end with their last process. Its number never comes again.
  virtual void drop_node(int node) = 0;

  /// Something to be undone when everything of this run has ended, however this program ends: for what is not in a
  /// namespace of the run. The last first.
  struct Undo {
    enum class Kind : std::uint8_t {
      netlink,  ///< `object`: one rtnetlink request, as it is sent; for the machine's own network
      sysctl,   ///< `object`: the name, `value`
      cgroup,   ///< `object`: a directory to be removed; who is in it goes to the one above
    };
    Kind kind{};
    std::string object;
    std::string value;
  };
  /// Returns a number for forget_undo().
  virtual std::uint32_t keep_undo(const Undo& undo) = 0;
  virtual void forget_undo(std::uint32_t number) = 0;

  /// socket(2) in the node's network namespace (-1: the one the warden lives in). Close-on-exec. What an ordinary user
  /// could not open there himself (rtnetlink, netfilter, sock_diag, packet) works: the creator of the namespace owns
  /// it.
  virtual os::Fd open_socket(int node, int domain, int type, int protocol) = 0;

  /// The warden's own pid as this program sees it.
  virtual pid_t pid() const = 0;
  virtual Containment containment() const = 0;
};

}  // namespace dummynet

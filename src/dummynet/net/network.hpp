#pragma once

#include <string>
#include <vector>

#include "dummynet/core/monitor.hpp"

namespace dummynet::net {

/// One end of a link, as it came out.
struct Interface {
  std::string node;
  std::string name;  ///< "eth0" …
  std::string ipv4;  ///< "10.0.0.1", with prefix_length
  int prefix_length = 0;
};

/// A test network in the sandbox of a monitor: hosts and the links between them. Anonymous, configured by rtnetlink
/// through sockets that the warden hands out; it disappears with the monitor.
///
///     ProcessMonitor monitor{{.sandbox = true}};
///     net::Network network{monitor};
///     network.add_node("client");
///     network.add_node("server");
///     network.add_link("client", "server");
///     network.up();
///     monitor.run_process("ping -c 1 server", {.place = network.place("client")});
class Network {
 public:
  /// The monitor must have been made with `sandbox` and must outlive the network.
  explicit Network(ProcessMonitor& monitor);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// Throws std::invalid_argument for a name that is empty, taken, or no host name (RFC 1123: letters, digits,
  /// hyphens).
  void add_node(const std::string& name);

  struct LinkEnd {
    std::string node;
    std::string interface;  ///< empty: the next free ethN of that node
  };
  /// A veth(4) pair between two nodes, each end with an address from a /30 of 10.0.0.0/8 of its own.
  void add_link(const LinkEnd& first, const LinkEnd& second);

  /// Makes it all: batches of rtnetlink requests, loopback and links up, /etc/hosts of every node. Throws
  /// std::system_error with the kernel's own text and the names of node and interface.
  void up();

  /// Where processes of this node run. Valid after up().
  Place place(const std::string& node) const;
  const std::vector<Interface>& interfaces() const noexcept;

 private:
  class State;
  std::unique_ptr<State> state_;  // a pimpl: libmnl and the kernel's headers stay out of this door
};

}  // namespace dummynet::net

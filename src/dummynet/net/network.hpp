#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/net/cut_room.hpp"
#include "dummynet/net/ip.hpp"
#include "dummynet/net/network_plan.hpp"
#include "dummynet/net/topology.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet::net {

/// An interface of a node, as it came out.
struct Interface {
  std::string node;
  std::string name;  ///< "eth0" …
  std::vector<InterfaceAddress> addresses;
};

/// A test network in the sandbox of a monitor: nodes and the links between them. Anonymous, configured by netlink
/// through sockets that the warden hands out; it disappears with the monitor.
///
///     ProcessMonitor monitor{{.sandbox = true}};
///     net::Network network{monitor};
///     network.add_node("client");
///     network.add_node("server");
///     network.add_link({"client"}, {"server"});
///     network.up();
///     monitor.run_process("ping -c 1 server", {.place = network.place("client")});
///
/// Routers, switches, NAT, IPv6, sysctls and the like are told by a Topology.
class Network {
 public:
  /// The monitor must have been made with `sandbox` and must outlive the network. Empty at first.
  explicit Network(ProcessMonitor& monitor);
  /// Throws std::invalid_argument with everything that is wrong with it, a line each.
  Network(ProcessMonitor& monitor, const Topology& topology);
  /// One from plan_network(), without complaints other than warnings.
  Network(ProcessMonitor& monitor, NetworkPlan plan);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// Adds a host. Throws std::invalid_argument for a name that is empty, taken, or no host name (RFC 1123: letters,
  /// digits, hyphens).
  void add_node(const std::string& name);
  void add_node(NodeSpec node);

  struct LinkEnd {
    std::string node;
    std::string interface {};  ///< empty: the next free ethN of that node
  };
  /// A veth(4) pair between two nodes, each end with an address of a subnet of its own.
  void add_link(const LinkEnd& first, const LinkEnd& second);

  /// Makes it all: when it returns, the first packet arrives. Throws std::system_error with the kernel's own text and
  /// the name of what was refused, std::invalid_argument for what cannot be planned. A network that failed here can
  /// only be destroyed; what there is of it goes with the monitor.
  void up();

  /// Where processes of this node run. Valid after up().
  Place place(const std::string& node) const;
  /// Valid after up().
  const std::vector<Interface>& interfaces() const noexcept;
  /// What was asked of the kernel. Valid after up().
  const NetworkPlan& plan() const noexcept;
  /// The first address of a node, as text, for command lines. Throws std::invalid_argument when it has none.
  std::string address(const std::string& node, IpFamily family = IpFamily::v4) const;

  /// Takes an interface down, which cuts its link for both sides, or brings it up again with the addresses and routes
  /// it had. Without an interface's name: the node's only one. Returns when that is so for packets too.
  /// Of a link that is cut the other end keeps its carrier, as behind a converter.
  void set_link_state(const LinkEnd& end, bool up);

  /// For who carries frames between the ends of a link that is cut (LinkSpec::cut; `link` is its position in the
  /// topology): an AF_PACKET socket at each, in the order of the endpoints, as packet(7) says. What a node sends is
  /// read here, what is written here comes to the node. Frames may be of many segments, up to 64 KiB (TCP, and UDP from
  /// Linux 6.2 on), which a network card would cut up: who carries them has to, if the cable matters. Bound,
  /// non-blocking, close-on-exec, with PACKET_VNET_HDR (each frame begins with a virtio_net_hdr),
  /// PACKET_IGNORE_OUTGOING, PACKET_AUXDATA and SO_TIMESTAMPNS. Buffers of 32 MiB; an ordinary user gets up to
  /// net.core.rmem_max and wmem_max, usually some 180 full frames: keep reading. Valid after up(); throws
  /// std::invalid_argument for a link that is not cut.
  std::array<os::Fd, 2> open_cut(std::size_t link);
  /// The same with more room for frames that nobody has read yet, where one socket may not have as much: several
  /// sockets at an end are a group (PACKET_FANOUT_ROLLOVER, packet(7)), and when one is full, frames go to the next.
  /// Each frame comes once, by one of them; their order is that of their stamps. Any of them sends.
  std::array<std::vector<os::Fd>, 2> open_cut(std::size_t link, const CutRoom& room);

 private:
  class State;
  std::unique_ptr<State> state_;  // a pimpl: libmnl and the kernel's headers stay out of this door
};

}  // namespace dummynet::net

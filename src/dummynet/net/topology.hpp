#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/net/ip.hpp"

/// What a network should be, as plain values; net/network_plan.hpp says what is made of it.
namespace dummynet::net {

/// What a Linux bridge has: BR_MAX_PORTS less the one that the kernel never gives.
inline constexpr std::size_t kMostBridgePorts = 1023;

enum class NodeKind : std::uint8_t {
  host,        ///< does not forward
  router,      ///< forwards; has routes to every subnet
  nat_router,  ///< a router that hides what is inside behind its outside addresses: masquerade
  bridge,      ///< a switch: joins the interfaces of its links to one segment; no addresses of its own unless given
};

/// Hands on what arrives at a NAT router's outside address to a host inside.
struct PortForward {
  enum class Protocol : std::uint8_t { tcp, udp } protocol = Protocol::tcp;
  std::uint16_t port = 0;     ///< outside, 1 to 65535
  std::string node{};         ///< inside
  std::uint16_t to_port = 0;  ///< there; 0: the same
  bool operator==(const PortForward&) const = default;
};

struct NodeSpec {
  std::string name{};
  NodeKind kind = NodeKind::host;
  /// Beyond those of its links, on the loopback interface: "10.9.9.9/32". They are routed to and in /etc/hosts.
  std::vector<InterfaceAddress> addresses{};
  /// "net.ipv4.tcp_congestion_control" → "reno": sysctl(8) names below net, which a network namespace has for itself.
  std::map<std::string, std::string> sysctls{};
  /// Next hop of its default route(s), one per family, instead of the computed one.
  std::vector<IpAddress> default_routes{};
  bool compute_routes = true;  ///< false: only what the kernel does by itself, and default_routes
  /// For a nat_router: the node or the interface ("isp", "eth1") of its outside link. Needed, except when it has
  /// exactly one link to a router or NAT router.
  std::string outside{};
  std::vector<PortForward> forwards{};
  bool operator==(const NodeSpec&) const = default;
};

struct EndpointSpec {
  std::string node{};
  std::string interface {};                   ///< default: the next free ethN of that node
  std::vector<InterfaceAddress> addresses{};  ///< default: chosen, for each family of Topology::families
  std::optional<MacAddress> mac{};            ///< default: the kernel's choice
  bool operator==(const EndpointSpec&) const = default;
};

enum class LinkKind : std::uint8_t {
  veth,     ///< a cable: veth(4)
  vlan,     ///< a tagged interface at both ends, on top of the interfaces by which the nodes are joined: `id`
  vxlan,    ///< a tunnel between two addresses of the nodes over what joins them (IPv4 or IPv6): `id` is the VNI
  macvlan,  ///< `second` gets an interface of its own on top of an existing one of `first`, in bridge mode
};

struct LinkSpec {
  LinkKind kind = LinkKind::veth;
  EndpointSpec first{};
  EndpointSpec second{};
  /// vlan: 1 to 4094; vxlan: 1 to 16777215. Else 0.
  std::uint32_t id = 0;
  /// vlan: the interfaces below, "eth0"; default: those of the one veth link between both nodes, or each node's only
  /// one. macvlan: first_parent is the interface of `first`; default: its only one. vxlan: not used.
  std::string first_parent{};
  std::string second_parent{};
  std::optional<Subnet> subnet{};      ///< where its addresses are chosen from; default: a free one
  std::optional<std::uint32_t> mtu{};  ///< bytes, 68 to 65535; default: the kernel's, for vxlan less the tunnel's
  /// veth only: the cable is cut. The kernel's peer of each end is in a place of its own, where whoever opens it
  /// carries frames across: Network::open_cut(). Until then nothing passes.
  bool cut = false;
  bool operator==(const LinkSpec&) const = default;
};

struct Topology {
  std::vector<NodeSpec> nodes{};
  std::vector<LinkSpec> links{};
  /// Which families of addresses are chosen for links that give none.
  std::vector<IpFamily> families{IpFamily::v4};
  /// Where they are chosen from.
  Subnet v4_range{IpAddress{0x0a000000U}, 8};                                                    // 10.0.0.0/8
  Subnet v6_range{IpAddress{std::array<std::uint8_t, 16>{0xfd, 0, 0xd, 0x44, 0x1e, 0xe7}}, 48};  // RFC 4193
  bool operator==(const Topology&) const = default;
};

}  // namespace dummynet::net

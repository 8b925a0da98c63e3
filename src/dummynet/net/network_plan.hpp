#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/net/ip.hpp"
#include "dummynet/net/topology.hpp"

/// What is to be asked of the kernel for a topology, name by name and number by number. Things refer to each other by
/// their position in the plan's vectors.
namespace dummynet::net {

enum class InterfaceKind : std::uint8_t { veth, bridge, vlan, vxlan, macvlan };

struct PlannedInterface {
  std::size_t node = 0;
  std::string name{};
  /// Chosen by us and unique in the network, so that later requests can name it without asking: well above what a new
  /// namespace starts with. The two ends of a veth pair must differ: the kernel takes a link to its own number for no
  /// link and then announces the carrier up to a second late.
  std::uint32_t index = 0;
  InterfaceKind kind = InterfaceKind::veth;
  std::optional<std::size_t> peer{};    ///< veth: the other end, which has this one as its peer
  bool cut = false;                     ///< veth: somebody has to carry what passes between both; see LinkSpec::cut
  std::optional<std::size_t> parent{};  ///< vlan: on the same node; macvlan: on any
  std::optional<std::size_t> bridge{};  ///< the bridge (an interface of the same node) that it is a port of
  std::uint32_t id = 0;                 ///< vlan id, or VNI
  std::optional<IpAddress> local{};     ///< vxlan: the tunnel's ends
  std::optional<IpAddress> remote{};
  std::optional<MacAddress> mac{};
  std::optional<std::uint32_t> mtu{};
  std::vector<InterfaceAddress> addresses{};
  std::optional<std::size_t> link{};  ///< which link of the topology it is an end of; a bridge itself: none
  bool operator==(const PlannedInterface&) const = default;
};

struct PlannedRoute {
  std::size_t node = 0;
  Subnet destination{};  ///< length 0: the default route
  IpAddress via{};
  std::size_t interface = 0;  ///< towards `via`
  bool operator==(const PlannedRoute&) const = default;
};

struct PlannedForward {
  PortForward::Protocol protocol{};
  std::uint16_t port = 0;
  IpAddress to{};
  std::uint16_t to_port = 0;
  bool operator==(const PlannedForward&) const = default;
};

struct PlannedNat {
  std::size_t node = 0;
  std::size_t outside = 0;  ///< interface
  std::vector<PlannedForward> forwards{};
  bool operator==(const PlannedNat&) const = default;
};

struct PlannedNode {
  std::string name{};
  NodeKind kind = NodeKind::host;
  std::vector<InterfaceAddress> loopback_addresses{};
  std::map<std::string, std::string> sysctls{};  ///< as given; forwarding follows from the kind
  bool operator==(const PlannedNode&) const = default;
};

struct NetworkPlan {
  std::vector<PlannedNode> nodes{};
  std::vector<PlannedInterface> interfaces{};  ///< what one builds on comes before it: parents, bridges, peers
  std::vector<PlannedRoute> routes{};
  std::vector<PlannedNat> nats{};
  bool operator==(const NetworkPlan&) const = default;
};

/// Something wrong with a topology, or doubtful.
struct TopologyComplaint {
  enum class Place : std::uint8_t { network, node, link, first_endpoint, second_endpoint } place = Place::network;
  std::size_t index = 0;  ///< of the node or the link
  std::string message{};
  bool is_warning = false;
  bool operator==(const TopologyComplaint&) const = default;
};

struct PlannedNetwork {
  NetworkPlan plan;  ///< only to be carried out without complaints other than warnings
  std::vector<TopologyComplaint> complaints;
};

/// Chooses names, numbers, addresses and routes: shortest paths by number of hops, outside of tunnels where
/// there is such a way. Pure: the same topology gives the same plan. Finds all mistakes at once.
/// A topology that is not whole, since some of what was asked for could not be understood, is only looked through for
/// mistakes that nothing more could mend.
PlannedNetwork plan_network(const Topology& topology, bool is_whole = true);

}  // namespace dummynet::net

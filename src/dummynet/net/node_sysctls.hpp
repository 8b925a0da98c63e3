#pragma once

#include <cstddef>
#include <vector>

#include "dummynet/core/warden.hpp"
#include "dummynet/net/network_plan.hpp"

namespace dummynet::net {

struct NodeSysctls {
  /// Before its interfaces are made: what follows from its kind, then what was given.
  std::vector<Warden::Sysctl> at_first{};
  /// Given ones that name an interface, "net.ipv4.conf.eth0.rp_filter": they exist only with it.
  std::vector<Warden::Sysctl> with_interfaces{};
};

/// The sysctls of a plan's nodes. Pure, but for one look whether the kernel has IPv6.
///
/// In a network without a single IPv6 address, interfaces get no link-local ones either: hosts would only announce
/// themselves to each other, which costs time, and packets that nobody asked for. ::1 is there, and a given sysctl has
/// the last word. Most nodes are told so link by link, since a sysctl's file takes the longer to find the more networks
/// there are; switches, which have many links, and nodes with sysctls of their own for IPv6 by disable_ipv6.
class SysctlPlanner {
 public:
  explicit SysctlPlanner(const NetworkPlan& plan);  ///< which must outlive it
  NodeSysctls sysctls_for(std::size_t node) const;
  /// Whether each of its links is to be told to have no link-local address: without_link_local().
  bool silences_links(std::size_t node) const;

 private:
  const NetworkPlan& plan_;
  bool kernel_has_ipv6_;
  bool uses_ipv6_;
};

}  // namespace dummynet::net

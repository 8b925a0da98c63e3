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
/// In a network without a single IPv6 address, interfaces get no link-local ones either (disable_ipv6): hosts would
/// only announce themselves to each other, which costs time, and packets that nobody asked for. ::1 is there, and a
/// given sysctl has the last word.
class SysctlPlanner {
 public:
  explicit SysctlPlanner(const NetworkPlan& plan);  ///< which must outlive it
  NodeSysctls sysctls_for(std::size_t node) const;

 private:
  const NetworkPlan& plan_;
  bool kernel_has_ipv6_;
  bool uses_ipv6_;
};

}  // namespace dummynet::net

#pragma once

#include <cstddef>
#include <vector>

#include "dummynet/core/warden.hpp"
#include "dummynet/net/network_plan.hpp"

namespace dummynet::net {

/// The sysctls of a planned node. Pure, but for one look whether the kernel has IPv6.
struct NodeSysctls {
  /// Before its interfaces are made: what follows from its kind, then what was given.
  std::vector<Warden::Sysctl> at_first{};
  /// Given ones that name an interface, "net.ipv4.conf.eth0.rp_filter": they exist only with it.
  std::vector<Warden::Sysctl> with_interfaces{};
};
NodeSysctls sysctls_for(const NetworkPlan& plan, std::size_t node);

}  // namespace dummynet::net

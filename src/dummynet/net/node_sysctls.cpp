#include "dummynet/net/node_sysctls.hpp"

#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "dummynet/os/sysctl.hpp"

namespace dummynet::net {

namespace {

/// The interface that a name speaks of, "/proc/sys/net/ipv4/conf/eth0/rp_filter", or nothing.
std::string interface_in(const std::string& name) {
  const auto path = os::sysctl_path(name);
  if (!path) return {};  // refused when it is written
  for (const std::string_view above : {"/conf/", "/neigh/"}) {
    const std::size_t found = path->find(above);
    if (found == path->npos) continue;
    const std::size_t begin = found + above.size();
    return path->substr(begin, path->find('/', begin) - begin);
  }
  return {};
}

bool has_interface(const NetworkPlan& plan, std::size_t node, const std::string& name) {
  return !name.empty() && std::any_of(plan.interfaces.begin(), plan.interfaces.end(), [&](const auto& interface) {
    return interface.node == node && interface.name == name;
  });
}

bool is_v6(const InterfaceAddress& one) { return one.address.family() == IpFamily::v6; }

bool has_ipv6(const NetworkPlan& plan) {
  const auto among = [](const auto& addresses) { return std::any_of(addresses.begin(), addresses.end(), is_v6); };
  return std::any_of(plan.nodes.begin(), plan.nodes.end(),
                     [&](const auto& one) { return among(one.loopback_addresses); }) ||
         std::any_of(plan.interfaces.begin(), plan.interfaces.end(),
                     [&](const auto& one) { return among(one.addresses); });
}

bool has_ipv6(const NetworkPlan& plan, std::size_t node) {
  return std::any_of(plan.interfaces.begin(), plan.interfaces.end(), [&](const auto& one) {
    return one.node == node && std::any_of(one.addresses.begin(), one.addresses.end(), is_v6);
  });
}

bool speaks_of_ipv6(const std::map<std::string, std::string>& sysctls) {
  return std::any_of(sysctls.begin(), sysctls.end(), [](const auto& one) {
    const auto path = os::sysctl_path(one.first);
    return path && path->find("/ipv6/") != path->npos;
  });
}

}  // namespace

SysctlPlanner::SysctlPlanner(const NetworkPlan& plan)
    : plan_{plan}, kernel_has_ipv6_{::access("/proc/sys/net/ipv6", F_OK) == 0}, uses_ipv6_{has_ipv6(plan)} {}

bool SysctlPlanner::silences_links(std::size_t node) const {
  const PlannedNode& planned = plan_.nodes[node];
  return kernel_has_ipv6_ && !uses_ipv6_ && planned.kind != NodeKind::bridge && !speaks_of_ipv6(planned.sysctls);
}

NodeSysctls SysctlPlanner::sysctls_for(std::size_t node) const {
  const PlannedNode& planned = plan_.nodes[node];
  NodeSysctls sysctls;
  const auto set = [&](const char* name, const char* value) { sysctls.at_first.push_back({name, value}); };
  const bool forwards = planned.kind == NodeKind::router || planned.kind == NodeKind::nat_router;
  if (forwards) set("net.ipv4.ip_forward", "1");
  if (kernel_has_ipv6_ && !silences_links(node)) {
    // A switch's ports speak for nobody; and nobody shall hear of IPv6 where it is not used.
    const bool silent = !uses_ipv6_ || (planned.kind == NodeKind::bridge && !has_ipv6(plan_, node));
    if (silent) {
      set("net.ipv6.conf.default.disable_ipv6", "1");
    } else {
      if (forwards) set("net.ipv6.conf.all.forwarding", "1");
      // Link-local addresses would wait a second for a duplicate that cannot be.
      set("net.ipv6.conf.default.accept_dad", "0");
    }
  }
  for (const auto& [name, value] : planned.sysctls) {
    const bool later = has_interface(plan_, node, interface_in(name));
    (later ? sysctls.with_interfaces : sysctls.at_first).push_back({name, value});
  }
  return sysctls;
}

}  // namespace dummynet::net

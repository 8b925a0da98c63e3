#pragma once

#include <string>

#include "dummynet/core/warden.hpp"

namespace dummynet::cli {

/// Asks the kernel for one thing in a node, as the library would: throws std::system_error with its refusal; returns
/// what there is to say of it, mostly nothing. What is made stays in the node. Names as in MachineCheck: nftables,
/// bridge, vlan, vxlan, macvlan, netem, tbf, packet sockets.
std::string probe_in_node(Warden& warden, int node, const std::string& name);

/// What the process itself needs of the kernel, tried in it: clone3, pidfd, memfd. 0, or errno.
int probe_here(const std::string& name);

}  // namespace dummynet::cli

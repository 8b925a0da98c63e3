#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <vector>

#include "dummynet/core/warden.hpp"
#include "dummynet/net/fabric.hpp"
#include "dummynet/net/netlink.hpp"
#include "dummynet/net/network_plan.hpp"

namespace dummynet::net {

/// Takes interfaces of a network that is up down and brings them up again, with all that the kernel forgets meanwhile.
class LinkSwitch {
 public:
  /// `ids`: the warden's numbers of the nodes. All must outlive it.
  LinkSwitch(Warden& warden, const NetworkPlan& plan, const std::vector<int>& ids, const Fabric& fabric)
      : warden_{warden}, plan_{plan}, ids_{ids}, fabric_{fabric} {}

  /// `interface`: its position in the plan. Throws std::system_error.
  void set_state(std::size_t interface, bool up);

 private:
  void set_down(std::size_t interface);
  void bring_up(std::size_t interface);
  void restore(std::size_t interface, std::vector<NetlinkRequest>& requests) const;
  /// It and what stands on it in the same node.
  std::vector<std::size_t> with_those_above(std::size_t interface) const;
  void await(std::span<const std::size_t> interfaces) const;
  NetlinkSocket socket_in(std::size_t node) const;

  Warden& warden_;
  const NetworkPlan& plan_;
  const std::vector<int>& ids_;
  const Fabric& fabric_;
  std::set<std::size_t> down_;
};

}  // namespace dummynet::net

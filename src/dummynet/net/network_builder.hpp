#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dummynet/core/warden.hpp"
#include "dummynet/net/fabric.hpp"
#include "dummynet/net/hosts.hpp"
#include "dummynet/net/link_request.hpp"
#include "dummynet/net/netlink.hpp"
#include "dummynet/net/network_plan.hpp"
#include "dummynet/net/node_sysctls.hpp"

namespace dummynet::net {

/// Carries out a plan: asks the warden for the nodes, and the kernel for all that is in them. While the warden makes
/// some nodes, the links between those before them are made.
class NetworkBuilder {
 public:
  /// Both must outlive it.
  NetworkBuilder(Warden& warden, const NetworkPlan& plan);

  /// Once. Returns the warden's number of each node. What is refused is thrown as std::system_error that names the
  /// object and the kernel's own words.
  std::vector<int> build();
  /// The warden's number of the fabric, after build(); -1: no link is cut.
  int fabric() const noexcept { return fabric_; }

 private:
  /// What is held open of a node while it is made.
  struct Door {
    os::Fd netns;
    NetlinkSocket socket;
  };

  void find_order();
  void make_nodes();
  Warden::NodeSetup setup_for(std::size_t node) const;
  void take_node(Warden::Node node);

  void make_interfaces(std::size_t nodes);
  NetlinkRequest make(std::size_t interface, std::size_t& sender) const;
  NewLink new_link(std::size_t interface) const;
  std::size_t making_end(std::size_t end) const;
  bool is_made_here(std::size_t interface) const;
  bool was_peer(std::size_t interface) const;
  /// Requests by level and node: what is together goes to the kernel together.
  using Batches = std::map<std::pair<unsigned, std::size_t>, std::vector<NetlinkRequest>>;
  void put_loopbacks(std::size_t first_node, std::size_t end_node, Batches& batches) const;
  void bring_up(const std::vector<std::size_t>& interfaces, Batches batches = {});
  void put_bring_up(std::size_t interface, std::vector<NetlinkRequest>& requests) const;

  void limit_super_frames();
  void set_late_sysctls();
  void make_routes();
  void make_nat();
  bool may_come_up_late(std::size_t interface) const;
  void await_carriers();

  /// Where requests about the fabric are sent to, in the place of a node.
  std::size_t in_fabric() const noexcept { return plan_.nodes.size(); }
  NetlinkSocket& socket_in(std::size_t node);
  void send(std::size_t node, std::vector<NetlinkRequest>& requests);
  std::string text(std::size_t interface) const;

  Warden& warden_;
  const NetworkPlan& plan_;
  std::vector<int> ids_;
  std::vector<Door> doors_;
  int fabric_ = -1;
  std::optional<Door> fabric_door_;
  std::size_t ready_ = 0;  // so many nodes have their interfaces
  /// For each node: the interfaces that can be made as soon as this node, and all before it, are there. In order.
  std::vector<std::vector<std::size_t>> possible_with_;
  /// For each interface: it can be brought up only after those with a lower number, on whatever node.
  std::vector<unsigned> level_;
  /// Bridges, and what stands on them, come up when all their ports have: what hosts announce of themselves would
  /// otherwise be flooded to all others while these are still being made.
  std::vector<bool> waits_for_all_;
  std::vector<std::size_t> last_;
  std::vector<bool> is_silent_;  // for each node: SysctlPlanner::silences_links()
  SysctlPlanner sysctls_;
  HostsWriter hosts_;
};

}  // namespace dummynet::net

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dummynet/core/warden.hpp"
#include "dummynet/net/cut_room.hpp"
#include "dummynet/net/link_request.hpp"
#include "dummynet/net/netlink.hpp"
#include "dummynet/net/network_plan.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet::net {

/// Where the kernel's peers of the ends of cut links are: a network namespace in which nobody lives. It has no
/// addresses, no IPv6 and no ARP, so that it says nothing of its own, and whoever carries frames between its interfaces
/// is the link. No node of the plan: nobody sees it.
class Fabric {
 public:
  /// `fabric`: the warden's number of it. All must outlive it.
  Fabric(Warden& warden, const NetworkPlan& plan, int fabric) : warden_{warden}, plan_{plan}, fabric_{fabric} {}

  /// See Network::open_cut().
  std::array<std::vector<os::Fd>, 2> open_cut(std::size_t link, const CutRoom& room) const;
  /// Waits until frames pass between the fabric and this end of a cut link: its position in the plan.
  void await(std::size_t interface) const;

  // For who makes it.
  static bool is_needed(const NetworkPlan& plan);
  static Warden::NodeSetup setup();
  /// The fabric's end of this interface. Its index is known without asking, and another than that of its peer.
  static NewLink end_of(const NetworkPlan& plan, std::size_t interface);

 private:
  std::array<std::size_t, 2> ends_of(std::size_t link) const;
  std::vector<os::Fd> open_end(std::size_t interface, const CutRoom& room) const;
  os::Fd open_socket(int bytes) const;
  void bind(const os::Fd& socket, std::size_t interface) const;

  Warden& warden_;
  const NetworkPlan& plan_;
  int fabric_;
};

}  // namespace dummynet::net

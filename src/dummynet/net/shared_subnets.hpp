#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "dummynet/net/network_draft.hpp"

namespace dummynet::net {

/// The IP view of a network: its subnets of one family, and who has an address in each.
class SharedSubnets {
 public:
  struct Member {
    std::size_t node = 0;
    std::optional<std::size_t> interface {};  ///< nothing: the loopback
    IpAddress address{};
  };
  struct Shared {
    Subnet subnet{};
    std::vector<Member> members{};  ///< in the order of the plan's interfaces
    std::vector<std::size_t>
        routers{};              ///< members that take packets for others: forwarding, and this not their outside
    bool is_tunnelled = false;  ///< some of it runs through a vxlan
    bool has_macvlan = false;
  };
  struct Membership {
    std::size_t subnet = 0;
    std::size_t member = 0;
  };

  SharedSubnets(const NetworkDraft& draft, IpFamily family);

  const std::vector<Shared>& all() const noexcept { return subnets_; }
  const Shared& operator[](std::size_t subnet) const { return subnets_[subnet]; }
  const Member& member(const Membership& of) const { return subnets_[of.subnet].members[of.member]; }
  const std::vector<Membership>& of_node(std::size_t node) const { return of_node_[node]; }

  /// Members of one subnet hear each other, but for a macvlan and the interface that it stands on: neither sees what
  /// the other one sends.
  bool hear_each_other(const Member& one, const Member& other) const;

 private:
  const NetworkDraft& draft_;
  std::vector<Shared> subnets_;
  std::vector<std::vector<Membership>> of_node_;
};

}  // namespace dummynet::net

#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "dummynet/net/network_draft.hpp"
#include "dummynet/net/shared_subnets.hpp"

namespace dummynet::net {

struct NextHop {
  IpAddress via{};
  std::size_t interface = 0;
  bool operator==(const NextHop&) const = default;
};

/// How many routers a node could send packets to, up to 2.
std::size_t count_routers_next_to(const SharedSubnets& subnets, std::size_t node);

bool has_given_default(const NetworkDraft& draft, std::size_t node, IpFamily family);

/// By node: the given one; for hosts the first router next to them, for NAT routers that on their outside; for other
/// routers none, since they know all there is.
std::vector<std::optional<NextHop>> choose_default_routes(const NetworkDraft& draft, const SharedSubnets& subnets,
                                                          IpFamily family);

}  // namespace dummynet::net

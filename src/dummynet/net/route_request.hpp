#pragma once

#include <cstdint>
#include <string>

#include "dummynet/net/ip.hpp"
#include "dummynet/net/netlink.hpp"

/// Static routes of both families in the main table: rtnetlink(7), ip-route(8).
namespace dummynet::net {

struct Route {
  Subnet destination{};  ///< length 0: the default route
  IpAddress via{};       ///< of the same family, a neighbour on `interface`
  std::uint32_t interface = 0;

  /// "route to 10.1.0.0/24 via 10.0.0.2", "default route via 10.0.0.2"
  std::string text() const;
};

/// Refused when there is one to this destination already. `node` is for errors.
NetlinkRequest add_route(const Route& route, const std::string& node);

/// Takes the place of one to the same destination.
NetlinkRequest replace_route(const Route& route, const std::string& node);

NetlinkRequest delete_route(const Route& route, const std::string& node);

}  // namespace dummynet::net

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dummynet/net/netlink.hpp"
#include "dummynet/net/network_plan.hpp"

namespace dummynet::net {

/// What makes a router one that hides what is inside, as home routers do, for both families:
///   - what leaves by the interface `outside` carries that interface's address: masquerade;
///   - what comes in there is let through only as part of a connection from inside, or of one that is forwarded;
///   - `forwards` are handed on to hosts inside;
///   - a datagram to a port of the router itself where nobody listens vanishes without an answer and leaves no trace
///     (RFC 4787), so that two hosts behind two such routers can meet by sending to each other.
/// For NetlinkSocket::run_transaction() of a NETLINK_NETFILTER socket. `node` is for errors.
std::vector<NetlinkRequest> nat_requests(std::uint32_t outside, const std::vector<PlannedForward>& forwards,
                                         const std::string& node);

}  // namespace dummynet::net

#include "dummynet/net/route_request.hpp"

#include <linux/rtnetlink.h>

#include "dummynet/net/ip_bytes.hpp"

namespace dummynet::net {

namespace {

NetlinkRequest request_for(std::uint16_t type, std::uint16_t flags, const Route& route, const std::string& node) {
  NetlinkRequest request{type, flags, node + ": " + route.text()};
  auto& header = request.header<rtmsg>();
  header.rtm_family = family_number(route.destination.base);
  header.rtm_dst_len = static_cast<std::uint8_t>(route.destination.length);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  if (route.destination.length > 0) request.put_bytes(RTA_DST, network_order(route.destination.base));
  request.put_bytes(RTA_GATEWAY, network_order(route.via));
  request.put_u32(RTA_OIF, route.interface);
  return request;
}

}  // namespace

std::string Route::text() const {
  const std::string what = destination.length == 0 ? "default route" : "route to " + destination.text();
  return what + " via " + via.text();
}

NetlinkRequest add_route(const Route& route, const std::string& node) {
  return request_for(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route, node);
}

NetlinkRequest replace_route(const Route& route, const std::string& node) {
  return request_for(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route, node);
}

NetlinkRequest delete_route(const Route& route, const std::string& node) {
  return request_for(RTM_DELROUTE, 0, route, node);
}

}  // namespace dummynet::net

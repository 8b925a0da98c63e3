#include "dummynet/net/link_request.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

#include "dummynet/net/ip_bytes.hpp"

namespace dummynet::net {

namespace {

constexpr std::uint16_t kVxlanPort = 4789;  // IANA's; the kernel's own default is older

NetlinkRequest new_link(std::string object) {
  return NetlinkRequest{RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, std::move(object)};
}

void describe(NetlinkRequest& request, const NewLink& link) {
  auto& header = request.header<ifinfomsg>();
  header.ifi_index = static_cast<int>(link.index);
  if (link.up) header.ifi_flags = header.ifi_change = IFF_UP;
  if (!link.speaks) {
    header.ifi_flags |= IFF_NOARP;
    header.ifi_change |= IFF_NOARP | IFF_MULTICAST;
  }
  request.put(IFLA_IFNAME, link.name);
  if (link.mac) request.put_bytes(IFLA_ADDRESS, link.mac->bytes);
  if (link.mtu) request.put_u32(IFLA_MTU, *link.mtu);
  if (link.master != 0) request.put_u32(IFLA_MASTER, link.master);
}

NetlinkRequest change(std::uint16_t type, std::uint32_t index, const std::string& object) {
  NetlinkRequest request{type, 0, object};
  request.header<ifinfomsg>().ifi_index = static_cast<int>(index);
  return request;
}

NetlinkRequest change_state(std::uint32_t index, bool up, const std::string& object) {
  NetlinkRequest request{RTM_NEWLINK, 0, object};
  auto& header = request.header<ifinfomsg>();
  header.ifi_index = static_cast<int>(index);
  header.ifi_change = IFF_UP;
  if (up) header.ifi_flags = IFF_UP;
  return request;
}

}  // namespace

NetlinkRequest make_veth(const NewLink& here, const NewLink& peer, int peer_netns) {
  NetlinkRequest request = new_link("veth " + here.text() + " to " + peer.text());
  describe(request, here);
  const auto info = request.nest(IFLA_LINKINFO);
  request.put(IFLA_INFO_KIND, "veth");
  const auto data = request.nest(IFLA_INFO_DATA);
  const auto peer_info = request.nest(VETH_INFO_PEER);
  NewLink there = peer;
  there.up = false;
  there.master = 0;
  describe(request, there);
  request.put_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(peer_netns));
  return request;
}

NetlinkRequest make_bridge(const NewLink& link) {
  NetlinkRequest request = new_link("bridge " + link.text());
  describe(request, link);
  const auto info = request.nest(IFLA_LINKINFO);
  request.put(IFLA_INFO_KIND, "bridge");
  return request;
}

NetlinkRequest make_vlan(const NewLink& link, std::uint32_t parent, std::uint16_t id) {
  NetlinkRequest request = new_link("vlan " + link.text());
  describe(request, link);
  request.put_u32(IFLA_LINK, parent);
  const auto info = request.nest(IFLA_LINKINFO);
  request.put(IFLA_INFO_KIND, "vlan");
  const auto data = request.nest(IFLA_INFO_DATA);
  request.put_u16(IFLA_VLAN_ID, id);
  return request;
}

NetlinkRequest make_vxlan(const NewLink& link, std::uint32_t vni, const IpAddress& local, const IpAddress& remote) {
  NetlinkRequest request = new_link("vxlan " + link.text());
  describe(request, link);
  const auto info = request.nest(IFLA_LINKINFO);
  request.put(IFLA_INFO_KIND, "vxlan");
  const auto data = request.nest(IFLA_INFO_DATA);
  request.put_u32(IFLA_VXLAN_ID, vni);
  request.put_be16(IFLA_VXLAN_PORT, kVxlanPort);
  request.put_bytes(local.family() == IpFamily::v4 ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6, network_order(local));
  request.put_bytes(remote.family() == IpFamily::v4 ? IFLA_VXLAN_GROUP : IFLA_VXLAN_GROUP6, network_order(remote));
  return request;
}

NetlinkRequest make_macvlan(const NewLink& link, std::uint32_t parent, int netns) {
  NetlinkRequest request = new_link("macvlan " + link.text());
  describe(request, link);
  request.put_u32(IFLA_LINK, parent);
  request.put_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(netns));
  const auto info = request.nest(IFLA_LINKINFO);
  request.put(IFLA_INFO_KIND, "macvlan");
  const auto data = request.nest(IFLA_INFO_DATA);
  request.put_u32(IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE);
  return request;
}

NetlinkRequest change_link(std::uint32_t index, const std::string& object) {
  return change(RTM_NEWLINK, index, object);
}

NetlinkRequest set_up(std::uint32_t index, const std::string& object) { return change_state(index, true, object); }

NetlinkRequest set_down(std::uint32_t index, const std::string& object) { return change_state(index, false, object); }

NetlinkRequest without_link_local(std::uint32_t index, const std::string& object) {
  NetlinkRequest request = change_link(index, object);
  const auto families = request.nest(IFLA_AF_SPEC);
  const auto family = request.nest(AF_INET6);
  request.put_u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  return request;
}

NetlinkRequest set_master(std::uint32_t index, std::uint32_t master, const std::string& object) {
  NetlinkRequest request = change_link(index, object);
  request.put_u32(IFLA_MASTER, master);
  return request;
}

NetlinkRequest rename_link(std::uint32_t index, const std::string& name, const std::string& object) {
  NetlinkRequest request = change_link(index, object);
  request.put(IFLA_IFNAME, name);
  return request;
}

NetlinkRequest move_link(std::uint32_t index, int netns, const std::string& object) {
  NetlinkRequest request = change_link(index, object);
  request.put_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(netns));
  return request;
}

NetlinkRequest delete_link_named(const std::string& name) {
  NetlinkRequest request = change(RTM_DELLINK, 0, name);
  request.put(IFLA_IFNAME, name);
  return request;
}

NetlinkRequest delete_link(std::uint32_t index, const std::string& object) {
  return change(RTM_DELLINK, index, object);
}

}  // namespace dummynet::net

#include "dummynet/net/link.hpp"

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

namespace dummynet::net {

namespace {

constexpr std::uint8_t kOperationUnknown = 0;  // IF_OPER_UNKNOWN, IF_OPER_UP: <linux/if.h> clashes with <net/if.h>
constexpr std::uint8_t kOperationUp = 6;

LinkState read_link(const nlmsghdr* message) {
  struct Seen {
    std::string name;
    std::uint8_t state = kOperationUnknown;
  } seen;
  const auto look_at = [](const nlattr* attribute, void* destination) {
    Seen& into = *static_cast<Seen*>(destination);
    if (mnl_attr_get_type(attribute) == IFLA_IFNAME) into.name = mnl_attr_get_str(attribute);
    if (mnl_attr_get_type(attribute) == IFLA_OPERSTATE) into.state = mnl_attr_get_u8(attribute);
    return MNL_CB_OK;
  };
  mnl_attr_parse(message, sizeof(ifinfomsg), look_at, &seen);
  const auto* info = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  const bool is_up = (info->ifi_flags & IFF_UP) != 0;
  const bool is_loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
  const bool works = seen.state == kOperationUp || (is_loopback && seen.state == kOperationUnknown);
  return {static_cast<std::uint32_t>(info->ifi_index), std::move(seen.name), is_up, is_up && works};
}

}  // namespace

NetlinkRequest make_veth(const LinkEnd& here, const LinkEnd& peer, int peer_netns) {
  NetlinkRequest request{RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "veth " + here.text() + " to " + peer.text()};
  auto& link = request.header<ifinfomsg>();
  link.ifi_index = static_cast<int>(here.index);
  link.ifi_flags = IFF_UP;
  link.ifi_change = IFF_UP;
  request.put(IFLA_IFNAME, here.name);
  const auto info = request.nest(IFLA_LINKINFO);
  request.put(IFLA_INFO_KIND, "veth");
  const auto data = request.nest(IFLA_INFO_DATA);
  const auto peer_info = request.nest(VETH_INFO_PEER);
  request.header<ifinfomsg>().ifi_index = static_cast<int>(peer.index);
  request.put(IFLA_IFNAME, peer.name);
  request.put_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(peer_netns));
  return request;
}

NetlinkRequest set_up(std::uint32_t index, const std::string& object) {
  NetlinkRequest request{RTM_NEWLINK, 0, object};
  auto& link = request.header<ifinfomsg>();
  link.ifi_index = static_cast<int>(index);
  link.ifi_flags = IFF_UP;
  link.ifi_change = IFF_UP;
  return request;
}

NetlinkRequest add_address(std::uint32_t index, Ipv4 address, int prefix_length, const std::string& object) {
  NetlinkRequest request{RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
                         "address " + to_text(address) + '/' + std::to_string(prefix_length) + " on " + object};
  auto& header = request.header<ifaddrmsg>();
  header.ifa_family = AF_INET;
  header.ifa_prefixlen = static_cast<std::uint8_t>(prefix_length);
  header.ifa_index = index;
  request.put_be32(IFA_LOCAL, address);
  request.put_be32(IFA_ADDRESS, address);
  return request;
}

std::vector<LinkState> list_links(NetlinkSocket& socket, const std::string& node) {
  NetlinkRequest request{RTM_GETLINK, 0, "links of " + node};
  request.header<ifinfomsg>();
  std::vector<LinkState> links;
  socket.dump(request, [&](const nlmsghdr* message) {
    if (message == nullptr) return links.clear();
    if (message->nlmsg_type == RTM_NEWLINK && mnl_nlmsg_get_payload_len(message) >= sizeof(ifinfomsg)) {
      links.push_back(read_link(message));
    }
  });
  return links;
}

}  // namespace dummynet::net

#include "dummynet/net/link_info.hpp"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <string_view>

#include "dummynet/net/netlink.hpp"

namespace dummynet::net {

namespace {

std::string read_kind(const nlattr* link_info) {
  std::string kind;
  const auto look_at = [](const nlattr* attribute, void* destination) {
    if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND) {
      *static_cast<std::string*>(destination) = mnl_attr_get_str(attribute);
    }
    return MNL_CB_OK;
  };
  mnl_attr_parse_nested(link_info, look_at, &kind);
  return kind;
}

std::optional<MacAddress> read_mac(const nlattr* attribute) {
  MacAddress mac;
  if (mnl_attr_get_payload_len(attribute) != mac.bytes.size()) return std::nullopt;
  std::copy_n(static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute)), mac.bytes.size(), mac.bytes.begin());
  return mac == MacAddress{} ? std::nullopt : std::optional{mac};
}

int take_attribute(const nlattr* attribute, void* destination) {
  LinkInfo& link = *static_cast<LinkInfo*>(destination);
  switch (mnl_attr_get_type(attribute)) {
    case IFLA_IFNAME:
      link.name = link.kernel_name = mnl_attr_get_str(attribute);
      break;
    case IFLA_ADDRESS:
      link.mac = read_mac(attribute);
      break;
    case IFLA_MTU:
      link.mtu_bytes = mnl_attr_get_u32(attribute);
      break;
    case IFLA_MASTER:
      link.master = mnl_attr_get_u32(attribute);
      break;
    case IFLA_CARRIER:
      link.has_carrier = mnl_attr_get_u8(attribute) != 0;
      break;
    case IFLA_QDISC:  // that of an interface that is not activated yet drops everything
      link.is_active = std::string_view{mnl_attr_get_str(attribute)} != "noop";
      break;
    case IFLA_LINKINFO:
      link.kind = read_kind(attribute);
      break;
    default:
      break;
  }
  return MNL_CB_OK;
}

}  // namespace

std::vector<LinkInfo> list_link_infos(NetlinkSocket& socket, const std::string& object) {
  NetlinkRequest request{RTM_GETLINK, 0, "links of " + object};
  request.header<ifinfomsg>();
  request.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  std::vector<LinkInfo> links;
  socket.dump(request, [&](const nlmsghdr* message) {
    if (message == nullptr) return links.clear();
    if (message->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(message) < sizeof(ifinfomsg)) return;
    LinkInfo link;
    const auto* info = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
    link.index = static_cast<std::uint32_t>(info->ifi_index);
    link.is_up = (info->ifi_flags & IFF_UP) != 0;
    mnl_attr_parse(message, sizeof(ifinfomsg), take_attribute, &link);
    links.push_back(std::move(link));
  });
  return links;
}

}  // namespace dummynet::net

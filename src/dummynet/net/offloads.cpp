#include "dummynet/net/offloads.hpp"

#include <libmnl/libmnl.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "dummynet/net/link_request.hpp"
#include "dummynet/os/check.hpp"

namespace dummynet::net {

namespace {

// As ethtool(8) calls them. All are there since Linux 5.6: one that the kernel does not know would refuse the request.
constexpr std::array<std::string_view, 10> kOtherKinds{"tx-gre-segmentation",     "tx-gre-csum-segmentation",
                                                       "tx-ipxip4-segmentation",  "tx-ipxip6-segmentation",
                                                       "tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation",
                                                       "tx-gso-partial",          "tx-sctp-segmentation",
                                                       "tx-esp-segmentation",     "tx-gso-list"};
constexpr std::string_view kUdp = "tx-udp-segmentation";

/// virtio_net_hdr has a word for them since Linux 6.2; before, a packet socket loses them.
bool can_tell_of_udp_segments() {
  utsname kernel{};
  os::check(::uname(&kernel), "uname");
  unsigned major = 0;
  unsigned minor = 0;
  const std::string_view release{kernel.release};
  const auto [dot, fault] = std::from_chars(release.data(), release.data() + release.size(), major);
  if (fault == std::errc{}) std::from_chars(dot + 1, release.data() + release.size(), minor);
  return std::pair{major, minor} >= std::pair{6U, 2U};
}

void put_off(NetlinkRequest& request, std::string_view feature) {
  const auto bit = request.nest(ETHTOOL_A_BITSET_BITS_BIT);
  request.put(ETHTOOL_A_BITSET_BIT_NAME, feature);  // and without ETHTOOL_A_BITSET_BIT_VALUE
}

}  // namespace

std::optional<std::uint16_t> find_ethtool(NetlinkSocket& socket) {
  struct Family {
    std::string_view name{};
    std::uint16_t number = 0;
  };
  const auto take = [](const nlattr* attribute, void* into) {
    auto& family = *static_cast<Family*>(into);
    if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_NAME) family.name = mnl_attr_get_str(attribute);
    if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID) family.number = mnl_attr_get_u16(attribute);
    return MNL_CB_OK;
  };
  std::optional<std::uint16_t> found;
  NetlinkRequest request{GENL_ID_CTRL, 0, "families of generic netlink"};
  request.header<genlmsghdr>() = {CTRL_CMD_GETFAMILY, 1, 0};
  socket.dump(request, [&](const nlmsghdr* message) {
    if (message == nullptr) return;
    Family family;
    mnl_attr_parse(message, sizeof(genlmsghdr), take, &family);
    if (family.name == ETHTOOL_GENL_NAME) found = family.number;
  });
  return found;
}

NetlinkRequest keep_plain_super_frames(std::uint16_t ethtool, std::uint32_t interface, std::string object) {
  NetlinkRequest request{ethtool, 0, std::move(object)};
  request.header<genlmsghdr>() = {ETHTOOL_MSG_FEATURES_SET, ETHTOOL_GENL_VERSION, 0};
  {
    const auto header = request.nest(ETHTOOL_A_FEATURES_HEADER);
    request.put_u32(ETHTOOL_A_HEADER_DEV_INDEX, interface);
    request.put_u32(ETHTOOL_A_HEADER_FLAGS, ETHTOOL_FLAG_OMIT_REPLY);
  }
  const auto wanted = request.nest(ETHTOOL_A_FEATURES_WANTED);
  const auto bits = request.nest(ETHTOOL_A_BITSET_BITS);
  for (const std::string_view kind : kOtherKinds) put_off(request, kind);
  if (!can_tell_of_udp_segments()) put_off(request, kUdp);
  return request;
}

NetlinkRequest keep_no_super_frames(std::uint32_t interface, std::optional<std::uint32_t> mtu,
                                    const std::string& object) {
  // The kernel cuts up what has more segments than this, whoever made it. Frames that a program put into the kernel
  // (an engine, a virtual machine) don't say how many they have; these are told by their length.
  constexpr std::uint32_t kUsualMtu = 1500;
  constexpr std::uint32_t kLeast = 512;  // newer kernels refuse less than the longest headers of TCP
  NetlinkRequest request = change_link(interface, object);
  request.put_u32(IFLA_GSO_MAX_SEGS, 1);
  request.put_u32(IFLA_GSO_MAX_SIZE, std::max(mtu.value_or(kUsualMtu) + ETH_HLEN + 1, kLeast));
  return request;
}

}  // namespace dummynet::net

#include "dummynet/net/address_request.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "dummynet/net/ip_bytes.hpp"

namespace dummynet::net {

namespace {

NetlinkRequest request_for(std::uint16_t type, std::uint16_t flags, std::uint32_t index,
                           const InterfaceAddress& address, const std::string& object) {
  NetlinkRequest request{type, flags, "address " + address.text() + " on " + object};
  auto& header = request.header<ifaddrmsg>();
  header.ifa_family = family_number(address.address);
  header.ifa_prefixlen = static_cast<std::uint8_t>(address.length);
  header.ifa_index = index;
  // Duplicate address detection would keep it from being used for a second: RFC 4862.
  if (address.address.family() == IpFamily::v6) header.ifa_flags = IFA_F_NODAD;
  request.put_bytes(IFA_LOCAL, network_order(address.address));
  request.put_bytes(IFA_ADDRESS, network_order(address.address));
  return request;
}

}  // namespace

NetlinkRequest add_address(std::uint32_t index, const InterfaceAddress& address, const std::string& object) {
  return request_for(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, address, object);
}

NetlinkRequest restore_address(std::uint32_t index, const InterfaceAddress& address, const std::string& object) {
  return request_for(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, address, object);
}

NetlinkRequest delete_address(std::uint32_t index, const InterfaceAddress& address, const std::string& object) {
  return request_for(RTM_DELADDR, 0, index, address, object);
}

}  // namespace dummynet::net

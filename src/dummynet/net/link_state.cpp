#include "dummynet/net/link_state.hpp"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <thread>

#include "dummynet/os/check.hpp"

namespace dummynet::net {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kCarrierDeadline{30};
constexpr std::chrono::microseconds kLongestPause{5'000};

LinkState read_link(const nlmsghdr* message) {
  struct Seen {
    std::string name;
    bool has_carrier = false;
    bool is_active = false;
  } seen;
  const auto look_at = [](const nlattr* attribute, void* destination) {
    Seen& into = *static_cast<Seen*>(destination);
    const auto type = mnl_attr_get_type(attribute);
    if (type == IFLA_IFNAME) into.name = mnl_attr_get_str(attribute);
    if (type == IFLA_CARRIER) into.has_carrier = mnl_attr_get_u8(attribute) != 0;
    // The queue of an interface that is not activated yet drops everything.
    if (type == IFLA_QDISC) into.is_active = std::string_view{mnl_attr_get_str(attribute)} != "noop";
    return MNL_CB_OK;
  };
  mnl_attr_parse(message, sizeof(ifinfomsg), look_at, &seen);
  const auto* info = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  const bool is_up = (info->ifi_flags & IFF_UP) != 0;
  return {static_cast<std::uint32_t>(info->ifi_index), std::move(seen.name), is_up,
          is_up && seen.has_carrier && seen.is_active};
}

}  // namespace

std::vector<LinkState> list_links(NetlinkSocket& socket, const std::string& node) {
  NetlinkRequest request{RTM_GETLINK, 0, "links of " + node};
  request.header<ifinfomsg>();
  request.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  std::vector<LinkState> links;
  socket.dump(request, [&](const nlmsghdr* message) {
    if (message == nullptr) return links.clear();
    if (message->nlmsg_type == RTM_NEWLINK && mnl_nlmsg_get_payload_len(message) >= sizeof(ifinfomsg)) {
      links.push_back(read_link(message));
    }
  });
  return links;
}

void await_carrier(NetlinkSocket& socket, std::span<const std::uint32_t> indices, const std::string& node) {
  std::set<std::uint32_t> waiting{indices.begin(), indices.end()};
  const auto deadline = Clock::now() + kCarrierDeadline;
  for (auto pause = std::chrono::microseconds{50}; !waiting.empty(); pause = std::min(pause * 2, kLongestPause)) {
    for (const LinkState& link : list_links(socket, node)) {
      if (link.carries_packets) waiting.erase(link.index);
    }
    if (waiting.empty()) return;
    if (Clock::now() > deadline) os::throw_errno(ETIMEDOUT, "waiting for the carrier of the links of " + node);
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace dummynet::net

// DummyNet, part: addresses, routes, forwarding, NAT and the fate of packets.

#include <netinet/in.h>

// The kernel's headers step back behind the C library's only in this order.
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <system_error>

#include "dummynet/net/address_request.hpp"
#include "dummynet/net/dummy_net_state.hpp"
#include "dummynet/net/name.hpp"
#include "dummynet/net/nft_message.hpp"
#include "dummynet/net/qdisc.hpp"
#include "dummynet/net/route_request.hpp"
#include "dummynet/os/sysctl.hpp"

namespace dummynet::net {

namespace {

constexpr const char* kChain = "postrouting";

std::string forwarding_of(const char* family, const std::string& interface) {
  return std::string{"net/"} + family + "/conf/" + interface + "/forwarding";  // with slashes: names may hold dots
}

/// A table whose only rule is this one. It goes with the socket: the kernel cleans up, however we end.
std::vector<NetlinkRequest> masquerade_requests(const std::string& table, const Subnet& source, std::uint32_t outside,
                                                const std::string& object) {
  std::vector<NetlinkRequest> requests;
  requests.push_back(make_nft_table(table, object, true));
  requests.push_back(make_nft_chain(table, NftChain{kChain, "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC}, object));
  NftRule rule{table, kChain};
  rule.match_interface(NFT_META_OIF, outside);
  rule.match_source(source);
  rule.masquerade();
  requests.push_back(rule.request(object + ": masquerade"));
  return requests;
}

}  // namespace

void DummyNet::addr_add(const InterfaceAddress& address, const std::string& interface) {
  const LinkInfo link = state_->find_link(here(), interface);
  const std::string object = here().object(link.kernel_name);
  state_->change(here_, add_address(link.index, address, object), delete_address(link.index, address, object));
}

void DummyNet::addr_del(const InterfaceAddress& address, const std::string& interface) {
  const LinkInfo link = state_->find_link(here(), interface);
  const std::string object = here().object(link.kernel_name);
  state_->change(here_, delete_address(link.index, address, object), restore_address(link.index, address, object));
}

void DummyNet::route(const IpAddress& via) {
  const bool v4 = via.family() == IpFamily::v4;
  route(Subnet{v4 ? IpAddress{} : IpAddress{std::array<std::uint8_t, 16>{}}, 0}, via);
}

void DummyNet::route(const Subnet& destination, const IpAddress& via) {
  if (destination.base.family() != via.family()) {
    throw std::invalid_argument{"route to " + destination.text() + " via " + via.text() + ": two families"};
  }
  const Route wanted{destination, via, 0};  // by whichever interface has this neighbour
  const std::string node = here().is_root() ? "root" : here().name();
  state_->change(here_, add_route(wanted, node), delete_route(wanted, node));
}

void DummyNet::forward(const std::string& first, const std::string& second) {
  const std::string one = state_->find_link(here(), first).kernel_name;
  const std::string other = state_->find_link(here(), second).kernel_name;
  state_->change_sysctls(
      here_,
      {{forwarding_of("ipv4", one), "1"}, {forwarding_of("ipv4", other), "1"}, {forwarding_of("ipv6", "all"), "1"}});
}

void DummyNet::State::change_sysctls(const std::shared_ptr<Netns>& netns, const std::vector<Warden::Sysctl>& sysctls) {
  Rollback::Attempt attempt{rollback};
  for (const Warden::Sysctl& one : sysctls) {
    // The real network is that of this program too: what is to be restored is known before anything is changed.
    std::optional<Warden::Undo> outside;
    if (is_real(*netns)) outside = Warden::Undo{Warden::Undo::Kind::sysctl, one.name, os::get_sysctl(one.name)};
    const auto before = std::make_shared<std::vector<Warden::Sysctl>>();
    const auto restore = [this, netns, before] {
      if (netns->is_dropped() || before->empty()) return;
      try {
        warden.set_sysctls(netns->node(), *before);
      } catch (const std::system_error& error) {
        if (error.code().value() != ENOENT) throw;  // gone with its interface
      }
    };
    keep(netns, "restore " + one.name, restore, outside);
    *before = warden.set_sysctls(netns->node(), {one});
  }
  attempt.keep();
}

void DummyNet::nat(const Subnet& source, const std::string& interface) {
  const LinkInfo link = state_->find_link(here(), interface);
  const std::string object = "nat on " + here().object(link.kernel_name);
  const std::string table = state_->scope.prefix() + "nat" + std::to_string(++state_->nat_tables);
  const auto socket = std::make_shared<NetlinkSocket>(here().open_socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER));
  std::vector<NetlinkRequest> requests = masquerade_requests(table, source, link.index, object);
  const auto undo = [socket, table, object, netns = here_] {
    if (netns->is_dropped()) return;
    NetlinkRequest request = delete_nft_table(table, object);
    socket->run_transaction({&request, 1});
  };
  socket->run_transaction(requests);  // all of it or nothing
  state_->keep(here_, "remove " + object, undo, std::nullopt);
}

void DummyNet::tc(const std::string& interface, const TcOptions& options) {
  check_tc(options);
  const LinkInfo link = state_->find_link(here(), interface);
  const std::string object = here().object(link.kernel_name);
  const std::vector<std::uint32_t>& set_before = here().with_qdisc;
  const bool again = std::find(set_before.begin(), set_before.end(), link.index) != set_before.end();
  NetlinkRequest request = set_qdisc(link.index, options, link.mtu_bytes, again, object);
  if (again) return apply_qdisc(here().rtnetlink(), std::move(request), qdisc_for(options));
  const auto undo = [netns = here_, index = link.index, object] {
    std::erase(netns->with_qdisc, index);
    send_tolerantly(*netns, delete_qdisc(index, object));
  };
  const Warden::Undo outside{Warden::Undo::Kind::netlink, delete_qdisc(link.index, object).bytes(), {}};
  const Rollback::Id kept = state_->keep(here_, "remove qdisc of " + object, undo, outside);
  try {
    apply_qdisc(here().rtnetlink(), std::move(request), qdisc_for(options));
  } catch (...) {
    state_->rollback.forget(kept);
    throw;
  }
  here().with_qdisc.push_back(link.index);
}

std::optional<TcState> DummyNet::tc_show(const std::string& interface) const {
  const LinkInfo link = state_->find_link(here(), interface);
  return read_qdisc(here().rtnetlink(), link.index, here().object(link.kernel_name));
}

}  // namespace dummynet::net

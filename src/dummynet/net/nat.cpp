#include "dummynet/net/nat.hpp"

#include <netinet/in.h>

// The kernel's headers step back behind the C library's only in this order.
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>

#include "dummynet/net/ip_bytes.hpp"
#include "dummynet/net/nft_message.hpp"

namespace dummynet::net {

namespace {

constexpr const char* kTable = "dummynet";
constexpr const char* kInput = "input";
constexpr const char* kForward = "forward";
constexpr const char* kPrerouting = "prerouting";
constexpr const char* kPostrouting = "postrouting";

NetlinkRequest masquerade(std::uint32_t outside, const std::string& object) {
  NftRule rule{kTable, kPostrouting};
  rule.match_interface(NFT_META_OIF, outside);
  rule.masquerade();
  return rule.request(object + ": masquerade");
}

NetlinkRequest let_through(std::uint32_t outside, std::uint32_t key, std::uint32_t bits, const std::string& object) {
  NftRule rule{kTable, kForward};
  rule.match_interface(NFT_META_IIF, outside);
  rule.match_connection(key, bits);
  rule.accept();
  return rule.request(object + ": let through what belongs to connections");
}

NetlinkRequest keep_out(std::uint32_t outside, const std::string& object) {
  NftRule rule{kTable, kForward};
  rule.match_interface(NFT_META_IIF, outside);
  rule.drop();
  return rule.request(object + ": keep out the rest");
}

NetlinkRequest hand_on(std::uint32_t outside, const PlannedForward& forward, const std::string& object) {
  const bool tcp = forward.protocol == PortForward::Protocol::tcp;
  const std::uint8_t family = forward.to.family() == IpFamily::v4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
  const std::uint16_t to_port = forward.to_port != 0 ? forward.to_port : forward.port;
  NftRule rule{kTable, kPrerouting};
  rule.match_interface(NFT_META_IIF, outside);
  rule.match_family(family);
  rule.match_protocol(tcp ? IPPROTO_TCP : IPPROTO_UDP);
  rule.match_destination_port(forward.port);
  rule.send_to(family, network_order(forward.to), to_port);
  return rule.request(object + ": forward " + (tcp ? "tcp/" : "udp/") + std::to_string(forward.port) + " to " +
                      forward.to.text() + " port " + std::to_string(to_port));
}

/// Otherwise the router's refusal, or its memory of the datagram, would spoil the way out that the other side opens.
void ignore_datagrams_to_nobody(std::uint32_t outside, const std::string& object,
                                std::vector<NetlinkRequest>& requests) {
  NftRule somebody{kTable, kInput};
  somebody.match_interface(NFT_META_IIF, outside);
  somebody.match_protocol(IPPROTO_UDP);
  somebody.match_socket();
  somebody.accept();
  requests.push_back(somebody.request(object + ": accept datagrams to sockets"));
  NftRule nobody{kTable, kInput};
  nobody.match_interface(NFT_META_IIF, outside);
  nobody.match_protocol(IPPROTO_UDP);
  nobody.match_connection(NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_NEW));
  nobody.drop();
  requests.push_back(nobody.request(object + ": ignore datagrams to nobody"));
}

}  // namespace

std::vector<NetlinkRequest> nat_requests(std::uint32_t outside, const std::vector<PlannedForward>& forwards,
                                         const std::string& node) {
  const std::string object = "nat of " + node;
  std::vector<NetlinkRequest> requests;
  requests.push_back(make_nft_table(kTable, object));
  for (const NftChain& chain : {NftChain{kPrerouting, "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST},
                                NftChain{kInput, "filter", NF_INET_LOCAL_IN, NF_IP_PRI_FILTER},
                                NftChain{kForward, "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER},
                                NftChain{kPostrouting, "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC}}) {
    requests.push_back(make_nft_chain(kTable, chain, object));
  }
  requests.push_back(masquerade(outside, object));
  for (const PlannedForward& forward : forwards) requests.push_back(hand_on(outside, forward, object));
  constexpr std::uint32_t kBelongs = NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED);
  requests.push_back(let_through(outside, NFT_CT_STATE, kBelongs, object));
  requests.push_back(let_through(outside, NFT_CT_STATUS, IPS_DST_NAT, object));
  requests.push_back(keep_out(outside, object));
  ignore_datagrams_to_nobody(outside, object, requests);
  return requests;
}

}  // namespace dummynet::net

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "dummynet/net/ip.hpp"
#include "dummynet/net/netlink.hpp"

struct nftnl_rule;

/// Messages to nftables, put together by libnftnl; NetlinkSocket::run_transaction() sends them. All of it is about one
/// table of both families ("inet"). nft(8) tells what tables, chains and rules are.
namespace dummynet::net {

/// `owned`: it goes with the socket that it is made by, at the latest. Before Linux 5.12 that is refused.
NetlinkRequest make_nft_table(const std::string& table, const std::string& object, bool owned = false);
NetlinkRequest delete_nft_table(const std::string& table, const std::string& object);

/// A chain that the kernel calls itself.
struct NftChain {
  std::string name;
  std::string type;  ///< "filter", "nat"
  int hook = 0;      ///< NF_INET_PRE_ROUTING …
  int priority = 0;
};
NetlinkRequest make_nft_chain(const std::string& table, const NftChain& chain, const std::string& object);

/// One rule at the end of a chain: matches from left to right, then what to do.
///
///     NftRule rule{"dummynet", "forward"};
///     rule.match_interface(NFT_META_IIF, 7);
///     rule.drop();
///     requests.push_back(rule.request("nat of home"));
class NftRule {
 public:
  NftRule(const std::string& table, const std::string& chain);

  /// `key`: NFT_META_IIF or NFT_META_OIF; by number.
  void match_interface(std::uint32_t key, std::uint32_t index);
  /// `family`: NFPROTO_IPV4, NFPROTO_IPV6.
  void match_family(std::uint8_t family);
  /// `protocol`: IPPROTO_TCP …
  void match_protocol(std::uint8_t protocol);
  void match_destination_port(std::uint16_t port);
  /// Also of its family.
  void match_source(const Subnet& subnet);
  /// `key`: NFT_CT_STATE or NFT_CT_STATUS; any of these bits.
  void match_connection(std::uint32_t key, std::uint32_t bits);
  /// There is a local socket for the packet.
  void match_socket();

  void accept();
  void drop();
  void masquerade();
  void send_to(std::uint8_t family, std::span<const std::uint8_t> address, std::uint16_t port);

  NetlinkRequest request(const std::string& object) const;

 private:
  void load_meta(std::uint32_t key);
  void compare(const void* data, std::uint32_t size);
  void load_value(std::uint32_t reg, const void* data, std::uint32_t size);
  void judge(std::uint32_t verdict);

  struct Free {
    void operator()(nftnl_rule* rule) const noexcept;
  };
  std::unique_ptr<nftnl_rule, Free> rule_;
};

}  // namespace dummynet::net

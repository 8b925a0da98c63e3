#include "dummynet/net/nft_message.hpp"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <array>
#include <new>

namespace dummynet::net {

namespace {

constexpr std::uint32_t kRegister = NFT_REG_1;
constexpr std::uint32_t kPortRegister = NFT_REG_2;
constexpr std::uint32_t kSourceOffset4 = 12;  // in the header of IPv4: RFC 791; of IPv6: RFC 8200
constexpr std::uint32_t kSourceOffset6 = 8;
constexpr std::uint32_t kPortOffset = 2;  // of the destination's, in TCP's and in UDP's header

/// libnftnl checks no bounds: room for far more than one of our messages takes.
class Message {
 public:
  nlmsghdr* start(std::uint16_t type, std::uint16_t flags) {
    return nftnl_nlmsg_build_hdr(reinterpret_cast<char*>(buffer_.data()), type, NFPROTO_INET, flags, 0);
  }

 private:
  alignas(nlmsghdr) std::array<std::byte, 16384> buffer_{};
};

template <typename T>
T* checked(T* made) {
  if (made == nullptr) throw std::bad_alloc{};
  return made;
}

nftnl_expr* expression(nftnl_rule* rule, const char* kind) {
  nftnl_expr* const made = checked(nftnl_expr_alloc(kind));
  nftnl_rule_add_expr(rule, made);
  return made;
}

}  // namespace

NetlinkRequest make_nft_table(const std::string& table, const std::string& object, bool owned) {
  const std::unique_ptr<nftnl_table, decltype(&nftnl_table_free)> made{checked(nftnl_table_alloc()), nftnl_table_free};
  nftnl_table_set_str(made.get(), NFTNL_TABLE_NAME, table.c_str());
  if (owned) nftnl_table_set_u32(made.get(), NFTNL_TABLE_FLAGS, NFT_TABLE_F_OWNER);
  Message message;
  nlmsghdr* const header = message.start(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
  nftnl_table_nlmsg_build_payload(header, made.get());
  return {*header, object + ": table " + table};
}

NetlinkRequest delete_nft_table(const std::string& table, const std::string& object) {
  const std::unique_ptr<nftnl_table, decltype(&nftnl_table_free)> gone{checked(nftnl_table_alloc()), nftnl_table_free};
  nftnl_table_set_str(gone.get(), NFTNL_TABLE_NAME, table.c_str());
  Message message;
  nlmsghdr* const header = message.start(NFT_MSG_DELTABLE, 0);
  nftnl_table_nlmsg_build_payload(header, gone.get());
  return {*header, object + ": table " + table};
}

NetlinkRequest make_nft_chain(const std::string& table, const NftChain& chain, const std::string& object) {
  const std::unique_ptr<nftnl_chain, decltype(&nftnl_chain_free)> made{checked(nftnl_chain_alloc()), nftnl_chain_free};
  nftnl_chain_set_str(made.get(), NFTNL_CHAIN_TABLE, table.c_str());
  nftnl_chain_set_str(made.get(), NFTNL_CHAIN_NAME, chain.name.c_str());
  nftnl_chain_set_str(made.get(), NFTNL_CHAIN_TYPE, chain.type.c_str());
  nftnl_chain_set_u32(made.get(), NFTNL_CHAIN_HOOKNUM, static_cast<std::uint32_t>(chain.hook));
  nftnl_chain_set_s32(made.get(), NFTNL_CHAIN_PRIO, chain.priority);
  nftnl_chain_set_u32(made.get(), NFTNL_CHAIN_POLICY, NF_ACCEPT);
  Message message;
  nlmsghdr* const header = message.start(NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
  nftnl_chain_nlmsg_build_payload(header, made.get());
  return {*header, object + ": chain " + chain.name};
}

void NftRule::Free::operator()(nftnl_rule* rule) const noexcept { nftnl_rule_free(rule); }

NftRule::NftRule(const std::string& table, const std::string& chain) : rule_{checked(nftnl_rule_alloc())} {
  nftnl_rule_set_str(rule_.get(), NFTNL_RULE_TABLE, table.c_str());
  nftnl_rule_set_str(rule_.get(), NFTNL_RULE_CHAIN, chain.c_str());
}

void NftRule::load_meta(std::uint32_t key) {
  nftnl_expr* const meta = expression(rule_.get(), "meta");
  nftnl_expr_set_u32(meta, NFTNL_EXPR_META_KEY, key);
  nftnl_expr_set_u32(meta, NFTNL_EXPR_META_DREG, kRegister);
}

void NftRule::compare(const void* data, std::uint32_t size) {
  nftnl_expr* const cmp = expression(rule_.get(), "cmp");
  nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_SREG, kRegister);
  nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
  nftnl_expr_set(cmp, NFTNL_EXPR_CMP_DATA, data, size);
}

void NftRule::match_interface(std::uint32_t key, std::uint32_t index) {
  load_meta(key);
  compare(&index, sizeof index);
}

void NftRule::match_family(std::uint8_t family) {
  load_meta(NFT_META_NFPROTO);
  compare(&family, sizeof family);
}

void NftRule::match_protocol(std::uint8_t protocol) {
  load_meta(NFT_META_L4PROTO);
  compare(&protocol, sizeof protocol);
}

void NftRule::match_destination_port(std::uint16_t port) {
  nftnl_expr* const payload = expression(rule_.get(), "payload");
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, kPortOffset);
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, sizeof port);
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_DREG, kRegister);
  const std::uint16_t wire_port = htons(port);
  compare(&wire_port, sizeof wire_port);
}

void NftRule::match_source(const Subnet& subnet) {
  const bool v4 = subnet.base.family() == IpFamily::v4;
  match_family(v4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
  const auto size = static_cast<std::uint32_t>(subnet.base.bits() / 8);
  nftnl_expr* const payload = expression(rule_.get(), "payload");
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, v4 ? kSourceOffset4 : kSourceOffset6);
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, size);
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_DREG, kRegister);
  std::array<std::uint8_t, 16> mask{};
  for (int bit = 0; bit < subnet.length; ++bit) {
    mask[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80U >> (bit % 8));
  }
  constexpr std::array<std::uint8_t, 16> kZero{};
  nftnl_expr* const bitwise = expression(rule_.get(), "bitwise");
  nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_SREG, kRegister);
  nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_DREG, kRegister);
  nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_LEN, size);
  nftnl_expr_set(bitwise, NFTNL_EXPR_BITWISE_MASK, mask.data(), size);
  nftnl_expr_set(bitwise, NFTNL_EXPR_BITWISE_XOR, kZero.data(), size);
  compare(subnet.base.bytes().data(), size);
}

void NftRule::match_connection(std::uint32_t key, std::uint32_t bits) {
  nftnl_expr* const ct = expression(rule_.get(), "ct");
  nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_KEY, key);
  nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_DREG, kRegister);
  constexpr std::uint32_t kZero = 0;
  nftnl_expr* const bitwise = expression(rule_.get(), "bitwise");
  nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_SREG, kRegister);
  nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_DREG, kRegister);
  nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_LEN, sizeof bits);
  nftnl_expr_set(bitwise, NFTNL_EXPR_BITWISE_MASK, &bits, sizeof bits);
  nftnl_expr_set(bitwise, NFTNL_EXPR_BITWISE_XOR, &kZero, sizeof kZero);
  nftnl_expr* const cmp = expression(rule_.get(), "cmp");
  nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_SREG, kRegister);
  nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_OP, NFT_CMP_NEQ);
  nftnl_expr_set(cmp, NFTNL_EXPR_CMP_DATA, &kZero, sizeof kZero);
}

void NftRule::match_socket() {
  nftnl_expr* const socket = expression(rule_.get(), "socket");
  nftnl_expr_set_u32(socket, NFTNL_EXPR_SOCKET_KEY, NFT_SOCKET_MARK);  // of no interest; without a socket it fails
  nftnl_expr_set_u32(socket, NFTNL_EXPR_SOCKET_DREG, kRegister);
}

void NftRule::load_value(std::uint32_t reg, const void* data, std::uint32_t size) {
  nftnl_expr* const immediate = expression(rule_.get(), "immediate");
  nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_DREG, reg);
  nftnl_expr_set(immediate, NFTNL_EXPR_IMM_DATA, data, size);
}

void NftRule::judge(std::uint32_t verdict) {
  nftnl_expr* const immediate = expression(rule_.get(), "immediate");
  nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
  nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_VERDICT, verdict);
}

void NftRule::accept() { judge(NF_ACCEPT); }

void NftRule::drop() { judge(NF_DROP); }

void NftRule::masquerade() { expression(rule_.get(), "masq"); }

void NftRule::send_to(std::uint8_t family, std::span<const std::uint8_t> address, std::uint16_t port) {
  const std::uint16_t wire_port = htons(port);
  load_value(kRegister, address.data(), static_cast<std::uint32_t>(address.size()));
  load_value(kPortRegister, &wire_port, sizeof wire_port);
  nftnl_expr* const nat = expression(rule_.get(), "nat");
  nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
  nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_FAMILY, family);
  nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_REG_ADDR_MIN, kRegister);
  nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_REG_PROTO_MIN, kPortRegister);
}

NetlinkRequest NftRule::request(const std::string& object) const {
  Message message;
  nlmsghdr* const header = message.start(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  nftnl_rule_nlmsg_build_payload(header, rule_.get());
  return {*header, object};
}

}  // namespace dummynet::net

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "dummynet/net/ip.hpp"

namespace dummynet::net {

/// How many addresses of a subnet interfaces can have: all but its name and its IPv4 broadcast address; both of a pair
/// (RFC 3021, RFC 6164). At most 2^63.
std::uint64_t room_in(const Subnet& subnet);
/// The first of them.
IpAddress first_address_in(const Subnet& subnet);
/// The smallest subnet that many interfaces fit into: at most /30 for IPv4 (as networks usually have), /64 for IPv6.
int length_for(IpFamily family, std::uint64_t interfaces);

/// Hands out subnets of a range from its beginning, clear of those that are in use already.
class FreeSubnets {
 public:
  /// IPv6 ranges: /64 or larger.
  FreeSubnets(const Subnet& range, const std::vector<Subnet>& in_use);

  /// Nothing when the range is used up. IPv6 lengths are at most 64.
  std::optional<Subnet> next(int length);

 private:
  // Counted in IPv4 addresses, or in IPv6 subnets of /64: both fit into 64 bits.
  struct Span {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };
  Span span_of(const Subnet& subnet) const;

  IpFamily family_;
  Span range_;
  std::uint64_t next_;
  bool is_full_ = false;
  std::vector<Span> in_use_;  // sorted, apart from each other
  std::size_t ahead_ = 0;     // the first of in_use_ that may still be met
};

}  // namespace dummynet::net

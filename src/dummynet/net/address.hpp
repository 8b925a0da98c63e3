#pragma once

#include <cstdint>
#include <string>

namespace dummynet::net {

/// An IPv4 address in host order.
using Ipv4 = std::uint32_t;

/// "10.0.0.1"
std::string to_text(Ipv4 address);

/// The two ends of a link.
struct LinkAddresses {
  Ipv4 first = 0;
  Ipv4 second = 0;
  int prefix_length = 30;
  bool operator==(const LinkAddresses&) const = default;
};

/// Gives each link a /30 of its own, in order, so that the same network has the same addresses in every run. Pure.
class AddressPlan {
 public:
  /// 10.0.0.0/8: 4,194,304 links. `prefix_length`: 0 to 30; bits of `base` beyond it must be 0.
  explicit AddressPlan(Ipv4 base = 0x0a000000, int prefix_length = 8);

  /// Throws std::length_error when the range is used up.
  LinkAddresses next();

 private:
  Ipv4 base_;
  int prefix_length_;
  std::uint64_t used_ = 0;  // links handed out; wide enough to count all of 0.0.0.0/0
};

}  // namespace dummynet::net

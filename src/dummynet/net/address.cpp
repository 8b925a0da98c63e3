#include "dummynet/net/address.hpp"

#include <stdexcept>

namespace dummynet::net {

std::string to_text(Ipv4 address) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    text += std::to_string((address >> shift) & 0xffU);
    if (shift > 0) text += '.';
  }
  return text;
}

AddressPlan::AddressPlan(Ipv4 base, int prefix_length) : base_{base}, prefix_length_{prefix_length} {
  if (prefix_length < 0 || prefix_length > 30) throw std::invalid_argument{"AddressPlan: prefix length not in 0..30"};
  const std::uint64_t size = std::uint64_t{1} << (32 - prefix_length);
  if (base % size != 0) throw std::invalid_argument{"AddressPlan: host bits set in " + to_text(base)};
}

LinkAddresses AddressPlan::next() {
  const std::uint64_t links = std::uint64_t{1} << (30 - prefix_length_);
  if (used_ == links) {
    throw std::length_error{"all " + std::to_string(links) + " links' worth of addresses of " + to_text(base_) + '/' +
                            std::to_string(prefix_length_) + " are in use"};
  }
  const Ipv4 subnet = base_ + static_cast<Ipv4>(used_++ * 4);
  return {subnet + 1, subnet + 2, 30};  // +0 is the subnet's name, +3 its broadcast address
}

}  // namespace dummynet::net

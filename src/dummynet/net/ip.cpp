#include "dummynet/net/ip.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace dummynet::net {
namespace {

constexpr std::size_t kV4Bytes = 4;

/// The number after the slash, at most `most`: digits only, no leading zero.
std::optional<int> parse_length(std::string_view text, int most) {
  int length = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  const auto [rest, error] = std::from_chars(text.data(), end, length);
  if (error != std::errc{} || rest != end || length < 0 || length > most) return std::nullopt;
  return length;
}

struct Halves {
  IpAddress address;
  int length;
};

std::optional<Halves> parse_with_length(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const auto length = parse_length(text.substr(slash + 1), address->bits());
  if (!length) return std::nullopt;
  return Halves{*address, *length};
}

IpAddress from_bytes(IpFamily family, const std::array<std::uint8_t, 16>& bytes) {
  if (family == IpFamily::v6) return IpAddress{bytes};
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < kV4Bytes; ++i) number = number << 8U | bytes.at(i);
  return IpAddress{number};
}

/// With all bits after `length` cleared.
IpAddress masked(const IpAddress& address, int length) {
  std::array<std::uint8_t, 16> bytes = address.bytes();
  for (int i = 0; i < address.bits() / 8; ++i) {
    const int kept = std::clamp(length - i * 8, 0, 8);
    auto& byte = bytes.at(static_cast<std::size_t>(i));
    byte = static_cast<std::uint8_t>(byte & (0xff00U >> static_cast<unsigned>(kept)));
  }
  return from_bytes(address.family(), bytes);
}

}  // namespace

IpAddress::IpAddress(std::uint32_t v4_in_host_order) {
  for (std::size_t i = 0; i < kV4Bytes; ++i) {
    bytes_.at(i) = static_cast<std::uint8_t>(v4_in_host_order >> (24U - 8U * i));
  }
}

IpAddress::IpAddress(const std::array<std::uint8_t, 16>& bytes) : family_{IpFamily::v6}, bytes_{bytes} {}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  // inet_pton(3) wants a NUL at the end, and would not see what comes after one in the middle.
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string copy{text};
  std::array<std::uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1) return from_bytes(IpFamily::v4, bytes);
  if (::inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return IpAddress{bytes};
  return std::nullopt;
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  ::inet_ntop(family_ == IpFamily::v4 ? AF_INET : AF_INET6, bytes_.data(), buffer.data(), buffer.size());
  return buffer.data();
}

IpAddress IpAddress::plus(std::uint64_t n) const {
  std::array<std::uint8_t, 16> bytes = bytes_;
  std::uint64_t carry = 0;  // never more than 1 between two bytes: each step moves a whole byte of n
  for (int i = bits() / 8 - 1; i >= 0; --i) {
    auto& byte = bytes.at(static_cast<std::size_t>(i));
    const std::uint64_t sum = std::uint64_t{byte} + (n & 0xffU) + carry;
    byte = static_cast<std::uint8_t>(sum);
    carry = sum >> 8U;
    n >>= 8U;
  }
  if (carry != 0 || n != 0) throw std::length_error{"there are no more addresses after " + text()};
  return from_bytes(family_, bytes);
}

std::optional<Subnet> Subnet::parse(std::string_view text) {
  const auto halves = parse_with_length(text);
  if (!halves || masked(halves->address, halves->length) != halves->address) return std::nullopt;
  return Subnet{halves->address, halves->length};
}

std::string Subnet::text() const { return base.text() + '/' + std::to_string(length); }

bool Subnet::contains(const IpAddress& address) const {
  return address.family() == base.family() && masked(address, length) == base;
}

bool Subnet::overlaps(const Subnet& other) const { return contains(other.base) || other.contains(base); }

std::optional<InterfaceAddress> InterfaceAddress::parse(std::string_view text) {
  const auto halves = parse_with_length(text);
  if (!halves) return std::nullopt;
  return InterfaceAddress{halves->address, halves->length};
}

std::string InterfaceAddress::text() const { return address.text() + '/' + std::to_string(length); }

Subnet InterfaceAddress::subnet() const { return {masked(address, length), length}; }

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  MacAddress mac;
  if (text.size() != 17) return std::nullopt;
  for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
    const char* pair = text.data() + i * 3;
    if (i > 0 && pair[-1] != ':') return std::nullopt;
    const auto [rest, error] = std::from_chars(pair, pair + 2, mac.bytes.at(i), 16);
    if (error != std::errc{} || rest != pair + 2) return std::nullopt;
  }
  const bool is_multicast = (mac.bytes.front() & 1U) != 0;
  return is_multicast || mac == MacAddress{} ? std::nullopt : std::optional{mac};
}

std::string MacAddress::text() const {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    if (!text.empty()) text += ':';
    text += kHex[byte >> 4U];
    text += kHex[byte & 15U];
  }
  return text;
}

}  // namespace dummynet::net

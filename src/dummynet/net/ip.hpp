#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dummynet::net {

enum class IpFamily : std::uint8_t { v4 = 4, v6 = 6 };

/// An address of either family. Ordered: IPv4 before IPv6, then by number.
class IpAddress {
 public:
  IpAddress() = default;                                          ///< 0.0.0.0
  explicit IpAddress(std::uint32_t v4_in_host_order);             ///< IPv4
  explicit IpAddress(const std::array<std::uint8_t, 16>& bytes);  ///< IPv6, network order

  /// "10.0.0.1", "fd00::1"; nothing for anything else, also for leading zeros ("010.0.0.1"): inet_pton(3).
  static std::optional<IpAddress> parse(std::string_view text);
  std::string text() const;  ///< RFC 5952

  IpFamily family() const noexcept { return family_; }
  int bits() const noexcept { return family_ == IpFamily::v4 ? 32 : 128; }
  /// In network order: the first 4 or all 16.
  const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }

  /// The n-th after this one; the family's range must not end before: std::length_error.
  IpAddress plus(std::uint64_t n) const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  IpFamily family_ = IpFamily::v4;
  std::array<std::uint8_t, 16> bytes_{};
};

/// A range of addresses, "10.0.0.0/24": the bits after `length` are 0.
struct Subnet {
  IpAddress base{};
  int length = 0;

  /// Nothing when malformed or when host bits are set.
  static std::optional<Subnet> parse(std::string_view text);
  std::string text() const;
  bool contains(const IpAddress& address) const;
  bool overlaps(const Subnet& other) const;
  auto operator<=>(const Subnet&) const = default;
};

/// An address on an interface, "10.0.0.1/24".
struct InterfaceAddress {
  IpAddress address{};
  int length = 0;

  /// Nothing when malformed or without a prefix length.
  static std::optional<InterfaceAddress> parse(std::string_view text);
  std::string text() const;
  Subnet subnet() const;
  auto operator<=>(const InterfaceAddress&) const = default;
};

/// A MAC address that an interface may have: unicast, not all zero. "02:00:00:00:00:01".
struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};
  static std::optional<MacAddress> parse(std::string_view text);
  std::string text() const;
  auto operator<=>(const MacAddress&) const = default;
};

}  // namespace dummynet::net

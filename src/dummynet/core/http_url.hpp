#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dummynet {

/// Where a probe goes: a plain value.
struct HttpUrl {
  struct Address {
    int family = 0;    ///< AF_INET or AF_INET6
    std::string text;  ///< "127.0.0.1", "::1"
    bool operator==(const Address&) const = default;
  };
  std::vector<Address> addresses;  ///< `localhost` stands for both loopbacks, IPv4 first
  std::uint16_t port = 80;
  std::string authority;     ///< for the Host header: "localhost:8000"
  std::string target = "/";  ///< path and query
  bool operator==(const HttpUrl&) const = default;
};

/// Parses "http://HOST[:PORT][/PATH][?QUERY]" (RFC 3986), HOST being a literal address ("[::1]" with brackets) or
/// `localhost`: names are not resolved, since who would know where? Pure. Throws std::invalid_argument with what is
/// wrong.
HttpUrl parse_http_url(std::string_view text);

/// The same as a question: what is wrong, or nothing.
std::optional<std::string> find_fault_in_http_url(std::string_view text);

}  // namespace dummynet

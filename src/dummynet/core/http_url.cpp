#include "dummynet/core/http_url.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace dummynet {

namespace {

[[noreturn]] void refuse(std::string_view url, const std::string& why) {
  throw std::invalid_argument{"URL '" + std::string{url} + "': " + why};
}

bool starts_with_ignoring_case(std::string_view text, std::string_view lower_prefix) {
  if (text.size() < lower_prefix.size()) return false;
  return std::equal(lower_prefix.begin(), lower_prefix.end(), text.begin(),
                    [](char wanted, char c) { return wanted == ((c >= 'A' && c <= 'Z') ? c - 'A' + 'a' : c); });
}

bool is_literal(int family, const std::string& text) {
  std::array<std::byte, sizeof(in6_addr)> address;
  return ::inet_pton(family, text.c_str(), address.data()) == 1;
}

std::uint16_t parse_port(std::string_view url, std::string_view text) {
  if (text.empty()) return 80;  // "http://localhost:/" is allowed
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) refuse(url, "the port is not in 1..65535");
  return port;
}

std::vector<HttpUrl::Address> parse_host(std::string_view url, std::string_view host) {
  if (host.empty()) refuse(url, "there is no host");
  if (host.front() == '[') {
    const std::string inner{host.substr(1, host.size() - 2)};
    if (!is_literal(AF_INET6, inner)) refuse(url, "what stands in brackets is no IPv6 address");
    return {{AF_INET6, inner}};
  }
  if (host.size() == 9 && starts_with_ignoring_case(host, "localhost")) {
    return {{AF_INET, "127.0.0.1"}, {AF_INET6, "::1"}};
  }
  const std::string text{host};
  if (!is_literal(AF_INET, text)) refuse(url, "the host must be an IPv4 address, an [IPv6 address] or localhost");
  return {{AF_INET, text}};
}

}  // namespace

HttpUrl parse_http_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (starts_with_ignoring_case(text, "https://")) refuse(text, "only http can be asked, without TLS");
  if (!starts_with_ignoring_case(text, kScheme)) refuse(text, "it must begin with http://");
  for (const char c : text) {
    // Also what keeps a URL from writing further lines into the request.
    if (c <= ' ' || c > '~') refuse(text, "blanks, control and non-ASCII characters must be percent-encoded");
  }
  const std::string_view rest = text.substr(kScheme.size());
  if (rest.find('#') != std::string_view::npos) refuse(text, "a fragment (#…) is never sent to a server");
  const std::size_t target_at = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, target_at);
  if (authority.find('@') != std::string_view::npos) refuse(text, "user and password are not supported");

  std::size_t host_end = std::min(authority.find(':'), authority.size());
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) refuse(text, "the bracket of the IPv6 address is never closed");
    host_end = bracket + 1;
  }
  const std::string_view after_host = authority.substr(host_end);
  if (!after_host.empty() && after_host.front() != ':') refuse(text, "a port must follow the host as :PORT");

  HttpUrl url;
  url.addresses = parse_host(text, authority.substr(0, host_end));
  url.port = parse_port(text, after_host.substr(std::min<std::size_t>(1, after_host.size())));
  url.authority = authority;
  const std::string_view target = rest.substr(target_at);
  url.target = target.starts_with('/') ? std::string{target} : '/' + std::string{target};
  return url;
}

std::optional<std::string> find_fault_in_http_url(std::string_view text) {
  try {
    parse_http_url(text);
    return std::nullopt;
  } catch (const std::invalid_argument& fault) {
    return fault.what();
  }
}

}  // namespace dummynet

#include "dummynet/net/name.hpp"

#include <arpa/inet.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace dummynet::net {

namespace {

// <cctype> asks the locale; names must mean the same everywhere.
bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool is_printable(char c) { return c > ' ' && c <= '~'; }

/// inet_aton(3) knows shorter, octal and hexadecimal forms: a host called "7" would be 0.0.0.7 and never be looked up.
bool resolves_as_address(std::string_view name) {
  in_addr address{};
  return ::inet_aton(std::string{name}.c_str(), &address) != 0;
}

}  // namespace

std::optional<std::string> find_fault_in_node_name(std::string_view name) {
  constexpr std::size_t kMaxLabel = 63;
  if (name.empty()) return "a node needs a name";
  const std::string shown = "node name " + in_quotes(name);
  if (name.size() > kMaxLabel) return shown + " is longer than 63 characters";
  for (const char c : name) {
    if (!is_letter_or_digit(c) && c != '-') return shown + " holds something else than letters, digits and hyphens";
  }
  if (name.front() == '-' || name.back() == '-') return shown + " begins or ends with a hyphen";
  if (to_lower(name) == "localhost") return shown + " means every node itself";
  if (resolves_as_address(name)) return shown + " would be taken for an IPv4 address";
  return std::nullopt;
}

std::optional<std::string> find_fault_in_interface_name(std::string_view name) {
  constexpr std::size_t kMaxInterface = 15;  // IFNAMSIZ without its NUL
  constexpr std::array<std::string_view, 5> kTaken{".", "..", "lo", "all", "default"};
  if (name.empty()) return "an interface needs a name";
  const std::string shown = "interface name " + in_quotes(name);
  if (name.size() > kMaxInterface) return shown + " is longer than 15 characters";
  for (const char c : name) {
    if (!is_printable(c) || c == '/' || c == ':' || c == '%') return shown + " holds a character the kernel refuses";
  }
  if (std::find(kTaken.begin(), kTaken.end(), name) != kTaken.end()) return shown + " has a meaning of its own";
  return std::nullopt;
}

std::string to_lower(std::string_view name) {
  std::string lower{name};
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string in_quotes(std::string_view name) {
  constexpr std::size_t kMaxShown = 80;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "'";
  for (const char c : name.substr(0, kMaxShown)) {
    if (is_printable(c) || c == ' ') {
      text += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      text += {'\\', 'x', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return text + (name.size() > kMaxShown ? "…'" : "'");
}

std::string backticked(std::string_view name) {
  constexpr std::size_t kMost = 60;
  std::string result = "`";
  for (std::size_t i = 0; i < name.size(); ++i) {
    // Cut before a character, never inside one.
    const auto byte = static_cast<unsigned char>(name[i]);
    if (i >= kMost && (byte & 0xC0U) != 0x80U) {
      result += "…";
      break;
    }
    if (byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += name[i];
    }
  }
  return result + '`';
}

}  // namespace dummynet::net

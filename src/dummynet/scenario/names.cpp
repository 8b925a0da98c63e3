#include "dummynet/scenario/names.hpp"

#include <algorithm>

namespace dummynet::scenario {
namespace {

constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kLongestInterface = 15;  // IFNAMSIZ less the NUL

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string why_no_host_name(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.size() > kLongestLabel) return "it is longer than 63 characters";
  if (name == "localhost") return "it means every node itself";
  if (name.front() == '-' || name.back() == '-') return "it begins or ends with a hyphen";
  const bool plain = std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || c == '-'; });
  return plain ? "" : "only letters, digits and hyphens may be in it";
}

std::string why_no_interface_name(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.size() > kLongestInterface) return "it is longer than 15 characters";
  if (name == "lo") return "it is the loopback interface";
  if (name == "." || name == "..") return "the kernel does not allow it";
  const bool plain =
      std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F && c != '/' && c != ':' && c != '%'; });
  return plain ? "" : "only printable ASCII without spaces, `/`, `:` and `%` may be in it";
}

std::string why_no_process_name(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.size() > kLongestLabel) return "it is longer than 63 characters";
  if (!is_alphanumeric(name.front())) return "it does not begin with a letter or digit";
  const bool plain =
      std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
  return plain ? "" : "only letters, digits, hyphens, underscores and dots may be in it";
}

}  // namespace dummynet::scenario

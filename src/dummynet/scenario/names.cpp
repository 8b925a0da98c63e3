#include "dummynet/scenario/names.hpp"

#include <algorithm>

namespace dummynet::scenario {
namespace {

constexpr std::size_t kLongestName = 63;

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string why_no_process_name(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.size() > kLongestName) return "it is longer than 63 characters";
  if (!is_alphanumeric(name.front())) return "it does not begin with a letter or digit";
  const bool plain =
      std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
  return plain ? "" : "only letters, digits, hyphens, underscores and dots may be in it";
}

}  // namespace dummynet::scenario

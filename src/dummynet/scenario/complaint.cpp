#include "dummynet/scenario/complaint.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dummynet::scenario {

std::string to_string(const Complaint& complaint, std::string_view file) {
  return fmt::format("{}:{}:{}: {}", file, complaint.position.line, complaint.position.column, complaint.message);
}

void sort_by_position(Complaints& complaints) {
  std::stable_sort(complaints.begin(), complaints.end(),
                   [](const Complaint& a, const Complaint& b) { return a.position < b.position; });
  complaints.erase(std::unique(complaints.begin(), complaints.end()), complaints.end());
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

}  // namespace dummynet::scenario

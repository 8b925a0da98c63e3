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

}  // namespace dummynet::scenario

#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/net/name.hpp"

namespace dummynet::scenario {

/// A place in the text of a scenario, for people: both count from 1, columns in characters.
struct Position {
  int line = 1;
  int column = 1;
  auto operator<=>(const Position&) const = default;
};

/// What is wrong, and where.
struct Complaint {
  Position position;
  std::string message;
  bool operator==(const Complaint&) const = default;
};
using Complaints = std::vector<Complaint>;

/// "FILE:LINE:COLUMN: MESSAGE", the form that editors jump to.
std::string to_string(const Complaint& complaint, std::string_view file);

/// In the order of the text; what was said twice about one place stays once.
void sort_by_position(Complaints& complaints);

using net::backticked;

}  // namespace dummynet::scenario

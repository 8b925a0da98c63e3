#pragma once

#include <string>

#include "dummynet/scenario/complaint.hpp"

namespace dummynet::test {

/// What is wrong with the file "f", a line for each complaint; the last ends without a line end.
inline std::string lines(const scenario::Complaints& complaints) {
  std::string all;
  for (const scenario::Complaint& complaint : complaints) all += to_string(complaint, "f") + '\n';
  if (!all.empty()) all.pop_back();
  return all;
}

}  // namespace dummynet::test

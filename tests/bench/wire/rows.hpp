#pragma once

#include <vector>

#include "bench/comparison/comparison.hpp"

namespace bench {

std::vector<Group> wire_groups();

}  // namespace bench

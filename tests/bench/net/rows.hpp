#pragma once

#include <vector>

#include "bench/comparison/comparison.hpp"

namespace bench {

std::vector<Group> net_groups();

}  // namespace bench

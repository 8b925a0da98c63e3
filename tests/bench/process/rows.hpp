#pragma once

#include <vector>

#include "bench/comparison/comparison.hpp"

namespace bench {

std::vector<Group> process_groups();

}  // namespace bench

#pragma once

#include <fstream>
#include <limits>
#include <string>

namespace bench {

/// What the kernel could still hand out: MemAvailable of proc(5).
inline double available_kib() {
  std::ifstream file{"/proc/meminfo"};
  for (std::string word; file >> word;) {
    double kib = 0;
    if (word == "MemAvailable:" && file >> kib) return kib;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace bench

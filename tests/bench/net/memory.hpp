#pragma once

#include <unistd.h>

#include <cmath>
#include <fstream>
#include <string>

namespace bench {

/// What the kernel holds for its own objects: Slab, VmallocUsed and Percpu of proc(5), in KiB. Unlike free memory it
/// hardly depends on what other programs do.
inline double kernel_kib() {
  std::ifstream file{"/proc/meminfo"};
  double sum = 0;
  for (std::string word; file >> word;) {
    double kib = 0;
    if ((word == "Slab:" || word == "VmallocUsed:" || word == "Percpu:") && file >> kib) sum += kib;
  }
  return sum;
}

/// The same when it has stopped falling: the kernel frees what a dead network had some time after its end.
inline double settled_kernel_kib() {
  double before = kernel_kib();
  for (int look = 0; look < 40; ++look) {
    ::usleep(100'000);
    const double now = kernel_kib();
    if (before - now < 256) return now;
    before = now;
  }
  return before;
}

}  // namespace bench

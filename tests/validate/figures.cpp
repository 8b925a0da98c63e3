#include "validate/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace validate {

Lost lost(const Seen& seen) {
  constexpr double k95 = 1.96;
  constexpr double k999 = 3.29;
  Lost found{.packets = seen.sent - std::min(seen.sent, seen.received + seen.overflowed)};
  found.share = static_cast<double>(found.packets) / static_cast<double>(seen.sent);
  found.likely = share_interval(found.packets, seen.sent, k95);
  found.possible = share_interval(found.packets, seen.sent, k999);
  return found;
}

std::string shown(const Lost& lost) {
  return fmt::format("{:.3f} % | {:.3f}–{:.3f} %", lost.share * 100, std::max(0.0, lost.likely.low) * 100,
                     lost.likely.high * 100);
}

void write_text(const std::string& text, const std::string& file) {
  std::ofstream out{file, std::ios::trunc};
  out << text;
  out.close();
  if (!out) throw std::runtime_error{"cannot write " + file};
}

}  // namespace validate

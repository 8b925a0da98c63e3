#include "dummynet/cli/terminal.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace dummynet::cli {

bool is_watched() { return ::isatty(STDOUT_FILENO) == 1; }

bool wants_colour() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if (no_color && *no_color != '\0') return false;
  return is_watched() && term && std::string_view{term} != "dumb";
}

}  // namespace dummynet::cli

#include "validate/machine.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <fstream>
#include <string_view>
#include <thread>

namespace validate {

Processors processors() {
  const char* said = std::getenv("DUMMYNET_EMULATED");
  if (said == nullptr) return Processors::unknown;
  return std::string_view{said} == "1" ? Processors::emulated : Processors::virtual_ones;
}

std::string describe_machine() {
  utsname kernel{};
  ::uname(&kernel);
  std::ifstream info{"/proc/cpuinfo"};
  std::string model = "unknown processor";
  for (std::string line; std::getline(info, line);) {
    if (!line.starts_with("model name")) continue;
    model = line.substr(line.find(':') + 2);
    break;
  }
  const std::string_view release{kernel.release};
  return fmt::format("{} × {}, Linux {}", std::thread::hardware_concurrency(), model,
                     release.substr(0, release.find('-')));
}

}  // namespace validate

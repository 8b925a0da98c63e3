// An engine with ten links on which nothing happens: how often it wakes up, times a second.
//   usage: bench_wire_idle SECONDS
#include <chrono>
#include <thread>

#include "bench/wire/bed.hpp"

using namespace bench;

namespace {

double switches(pid_t pid) {
  std::FILE* file = std::fopen(("/proc/" + std::to_string(pid) + "/status").c_str(), "r");
  if (file == nullptr) return -1;
  double sum = 0;
  for (char line[256]; std::fgets(line, sizeof line, file) != nullptr;) {
    double one = 0;
    if (std::sscanf(line, "voluntary_ctxt_switches: %lf", &one) == 1) sum += one;
    if (std::sscanf(line, "nonvoluntary_ctxt_switches: %lf", &one) == 1) sum += one;
  }
  std::fclose(file);
  return sum;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  const double seconds = std::atof(arguments[1]);
  wire::Impairment impairment;
  impairment.delay = std::chrono::milliseconds{20};
  impairment.rate = wire::LineRate{.bits_per_second = 10'000'000};
  Bed bed{Mode::engine, impairment, impairment, std::chrono::microseconds{100}, 10};
  std::this_thread::sleep_for(std::chrono::seconds{1});
  const double before = switches(bed.engine().pid());
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  std::printf("%.3f\n", (switches(bed.engine().pid()) - before) / seconds);
}

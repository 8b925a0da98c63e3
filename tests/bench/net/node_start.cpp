// Starts a tiny program in a node, or on the host: "node COUNT", "host COUNT". Prints µs for each.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "bench/process/measure.hpp"
#include "dummynet/core/monitor.hpp"
#include "dummynet/net/network.hpp"

using namespace dummynet;

int main(int count, char** arguments) {
  const bool in_node = count > 1 && std::string{arguments[1]} == "node";
  const std::size_t starts = count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 1000;
  const std::string child = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "bench_child";
  MonitorOptions options;
  options.sandbox = in_node;
  ProcessMonitor monitor{options};
  net::Network network{monitor};
  RunOptions run;
  if (in_node) {
    network.add_node("here");
    network.up();
    run.place = network.place("here");
  }
  const auto all = [&] {
    for (std::size_t i = 0; i < starts; ++i) monitor.run_process({child}, run);
  };
  all();  // what is needed once
  std::printf("%.3f\n", bench::microseconds_each(starts, all));
}

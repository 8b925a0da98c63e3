// Starts a tiny program in a node, on the host, or as the first one of so many nodes: "node COUNT", "host COUNT",
// "first COUNT". Prints µs for each.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "bench/process/measure.hpp"
#include "dummynet/core/monitor.hpp"
#include "dummynet/net/network.hpp"

using namespace dummynet;

int main(int count, char** arguments) {
  const std::string where = count > 1 ? arguments[1] : "node";
  const bool in_node = where != "host";
  const std::size_t starts = count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 1000;
  const std::string child = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "bench_child";
  MonitorOptions options;
  options.sandbox = in_node;
  ProcessMonitor monitor{options};
  net::Network network{monitor};
  RunOptions run;
  if (in_node) {
    for (std::size_t i = 0; i <= (where == "first" ? starts : 0); ++i) network.add_node("h" + std::to_string(i));
    network.up();
    run.place = network.place("h0");
  }
  const auto all = [&] {
    for (std::size_t i = 0; i < starts; ++i) monitor.run_process({child}, run);
  };
  const auto one_in_each = [&] {
    for (std::size_t i = 1; i <= starts; ++i) {
      run.place = network.place("h" + std::to_string(i));
      monitor.run_process({child}, run);
    }
  };
  all();  // what is needed once
  std::printf("%.3f\n",
              where == "first" ? bench::microseconds_each(starts, one_in_each) : bench::microseconds_each(starts, all));
}

#include "bench/wire/rows.hpp"

#include <cstdlib>
#include <string_view>
#include <utility>

#include "dummynet/core/monitor.hpp"
#include "dummynet/wire/kernel_link.hpp"

namespace bench {
namespace {

/// What this machine lets us ask.
struct Machine {
  bool has_netem = false;
  bool is_emulated = false;  ///< its processors too: tools/vm.py without KVM
};

Machine this_machine() {
  dummynet::ProcessMonitor monitor{{.log = {}, .sandbox = true}};
  const char* said = std::getenv("DUMMYNET_EMULATED");
  return {dummynet::wire::kernel_has_netem(monitor), said != nullptr && std::string_view{said} == "1"};
}

class Rows {
 public:
  explicit Rows(Machine machine) : machine_{machine} {}
  std::vector<Group> all() {
    return {tcp(),
            udp(),
            delay(),
            rate("1", "6", 0.1),
            rate("10", "4", 0.1),
            rate("100", "4", 0.1),
            rate("1000", "3", 1),
            long_pipe(),
            rated_pipe(),
            many(),
            idle()};
  }

 private:
  Group tcp();
  Group udp();
  Group delay();
  Group rate(const std::string& mbit, const std::string& seconds, double target);
  Group long_pipe();
  Group rated_pipe();
  Group many();
  Group idle();

  /// The kernel's netem as one more contestant and peer, where there is one.
  Group beside_netem(Group group, std::vector<std::string> command, const std::vector<std::size_t>& lines) {
    if (!machine_.has_netem) return group;
    group.contestants.push_back({"netem", std::move(command)});
    for (const std::size_t line : lines) group.lines.at(line).peers.push_back("netem");
    return group;
  }
  /// Targets are for processors that are not emulated.
  Group judged_where_real(Group group) {
    if (!machine_.is_emulated) return group;
    for (Line& line : group.lines) line.bound = Bound::none;
    return group;
  }
  Group for_real_machines(Group group) {
    if (machine_.is_emulated) group.left_out = "an emulated machine cannot send as much";
    return group;
  }

  Machine machine_;
};

Group Rows::tcp() {
  return judged_where_real(
      {"tcp",
       {{"veth", {"bench_wire_tcp", "veth", "0", "2", "0.5"}}, {"ours", {"bench_wire_tcp", "engine", "0", "2", "0.5"}}},
       {{.figure = "one TCP stream, no delay",
         .unit = "Gbit/s",
         .ours = {"ours"},
         .reference = {"veth"},
         .reference_name = "plain veth",
         .bound = Bound::at_least,
         .target = 0.7}}});
}

Group Rows::udp() {
  return for_real_machines(
      {"udp",
       {{"veth", {"bench_wire_udp", "veth", "2"}}, {"ours", {"bench_wire_udp", "engine", "2"}}},
       {{.figure = "UDP, frames of 64 bytes, those that arrive",
         .unit = "thousand/s",
         .ours = {"ours"},
         .reference = {"veth"},
         .reference_name = "plain veth",
         .bound = Bound::at_least,
         .target = 0.75},
        {.figure = "the same: carried per second of the engine's CPU", .unit = "thousand/s", .ours = {"ours", 1}}}});
}

Group Rows::delay() {
  const auto line = [](const char* figure, const char* ours, std::size_t index, double target) {
    return Line{.figure = figure,
                .unit = "µs",
                .ours = {ours, index},
                .bound = target > 0 ? Bound::at_most : Bound::none,
                .target = target};
  };
  Group group{
      "delay",
      {{"veth", {"bench_wire_delay", "veth", "0", "0", "1500"}},
       {"spin", {"bench_wire_delay", "engine", "20", "100", "1500"}},
       {"none", {"bench_wire_delay", "engine", "20", "0", "1500"}}},
      {line("one way, plain veth, no delay: p50", "veth", 0, 0),
       line("the same: p99", "veth", 1, 0),
       line("error of 20 ms one way, spinning 100 µs: p50", "spin", 0, 35),
       line("the same: p99", "spin", 1, 150),
       line("error of 20 ms one way, without spinning: p50", "none", 0, 150),
       line("the same: p99", "none", 1, 300),
       {.figure = "CPU of the engine at 500 packets a second, spinning 100 µs", .unit = "%", .ours = {"spin", 3}},
       {.figure = "the same without spinning", .unit = "%", .ours = {"none", 3}}}};
  return judged_where_real(
      beside_netem(std::move(group), {"bench_wire_delay", "kernel", "20", "0", "1500"}, {2, 3, 4, 5}));
}

Group Rows::rate(const std::string& mbit, const std::string& seconds, double target) {
  Group group{
      "rate " + mbit,
      {{"ours", {"bench_wire_rate", "engine", mbit, seconds}}, {"tbf", {"bench_wire_rate", "tbf", mbit, seconds}}},
      {{.figure = "error of a rate of " + mbit + " Mbit/s",
        .unit = "%",
        .ours = {"ours"},
        .bound = Bound::at_most,
        .target = target,
        .peers = {"tbf"}}}};
  group = beside_netem(std::move(group), {"bench_wire_rate", "kernel", mbit, seconds}, {0});
  return mbit == "1000" ? for_real_machines(std::move(group)) : judged_where_real(std::move(group));
}

Group Rows::long_pipe() {
  Group group{"long pipe",
              {{"ours", {"bench_wire_tcp", "engine", "20", "3", "3"}}},
              {{.figure = "one TCP stream, 20 ms each way, buffers of 64 MB",
                .unit = "Gbit/s",
                .ours = {"ours"},
                .bound = Bound::at_least,
                .target = 5}}};
  return judged_where_real(beside_netem(std::move(group), {"bench_wire_tcp", "kernel", "20", "3", "3"}, {0}));
}

Group Rows::rated_pipe() {
  Group group{"rated pipe",
              {{"ours", {"bench_wire_tcp", "engine", "5", "3", "2", "1000"}},
               {"fast", {"bench_wire_tcp", "engine", "5", "3", "2", "10000"}}},
              {{.figure = "one TCP stream, 5 ms each way, at 1 Gbit/s",
                .unit = "Gbit/s",
                .ours = {"ours"},
                .bound = Bound::at_least,
                .target = 0.9},
               {.figure = "the same at 10 Gbit/s", .unit = "Gbit/s", .ours = {"fast"}}}};
  return for_real_machines(beside_netem(std::move(group), {"bench_wire_tcp", "kernel", "5", "3", "2", "1000"}, {0}));
}

Group Rows::many() {
  return for_real_machines({"many",
                            {{"ours", {"bench_wire_rate", "engine", "10", "4", "100"}}},
                            {{.figure = "100 links of 10 Mbit/s at once: the worst one's error",
                              .unit = "%",
                              .ours = {"ours"},
                              .bound = Bound::at_most,
                              .target = 1}}});
}

Group Rows::idle() {
  return {"idle",
          {{"ours", {"bench_wire_idle", "3"}}},
          {{.figure = "wake-ups of an engine with ten links and no packets",
            .unit = "1/s",
            .ours = {"ours"},
            .bound = Bound::at_most,
            .target = 0}}};
}

}  // namespace

std::vector<Group> wire_groups() { return Rows{this_machine()}.all(); }

}  // namespace bench

#include "bench/net/rows.hpp"

namespace bench {
namespace {

/// A star: one switch and so many hosts with a cable to it.
Group star(const std::string& hosts, double gone_ms, bool with_mininet) {
  Group group{"star " + hosts,
              {{"netlink", {"bench_star_floor", hosts}},
               {"ours", {"bench_star", hosts}},
               {"ip -batch", {"bench_star_ip", hosts}, hosts == "50"}},
              {{.figure = "star of " + hosts + " hosts: set up, from nothing",
                .unit = "ms",
                .ours = {"ours"},
                .reference = {"netlink"},
                .reference_name = "raw netlink",
                .bound = Bound::at_most,
                .target = 1.3,
                .peers = {"ip -batch"}},
               {.figure = "star of " + hosts + " hosts: gone, and seen to be gone",
                .unit = "ms",
                .ours = {"ours", 1},
                .bound = Bound::at_most,
                .target = gone_ms,
                .peers = {"netlink"}}}};
  if (!with_mininet) {
    group.lines.push_back({.figure = "star of " + hosts + " hosts: kernel memory per host",
                           .unit = "KiB",
                           .ours = {"ours", 2},
                           .reference = {"netlink", 2},
                           .reference_name = "raw netlink"});
  } else {
    group.contestants.push_back({"Mininet", {"/usr/bin/python3", "bench_star_mininet.py", hosts}, false});
    group.lines.front().peers.push_back("Mininet");
  }
  return group;
}

Group thousands() {
  return {
      "star 5000",
      {{"ours", {"bench_star", "5000"}, false}},
      {{.figure = "star of 5000 hosts around a router: set up", .unit = "ms", .ours = {"ours"}},
       {.figure = "star of 5000 hosts around a router: gone, and seen to be gone", .unit = "ms", .ours = {"ours", 1}},
       {.figure = "star of 5000 hosts around a router: kernel memory per host", .unit = "KiB", .ours = {"ours", 2}}}};
}

Group start() {
  return {"start",
          {{"host", {"bench_node_start", "host", "1000"}},
           {"node", {"bench_node_start", "node", "1000"}},
           {"first", {"bench_node_start", "first", "200"}},
           {"ip netns exec", {"bench_star_ip", "exec", "100"}}},
          {{.figure = "run a tiny program in a node, output captured",
            .unit = "µs",
            .ours = {"node"},
            .reference = {"host"},
            .reference_name = "on the host",
            .bound = Bound::at_most,
            .target = 1.1,
            .peers = {"ip netns exec"}},
           {.figure = "the same as a node's first program, which makes its mount namespace",
            .unit = "µs",
            .ours = {"first"},
            .reference = {"host"},
            .reference_name = "on the host"}}};
}

Group whole_run() {
  return {"run",
          {{"ours", {"bench_empty_run", "20"}}},
          {{.figure = "`dummynet run` of two nodes and one process `true`, exec to exit",
            .unit = "ms",
            .ours = {"ours"},
            .bound = Bound::at_most,
            .target = 60}}};
}

}  // namespace

std::vector<Group> net_groups() {
  return {star("50", 100, true), star("1000", 1000, false), thousands(), start(), whole_run()};
}

}  // namespace bench

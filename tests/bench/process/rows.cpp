#include "bench/process/rows.hpp"

namespace bench {
namespace {

const std::string kOurs = "bench_ours";
const std::string kFloor = "bench_floor";
const std::string kChild = "bench_child";
const std::string kPython = "/usr/bin/python3";

/// Spawn and wait, output captured: one by one and 16 in flight.
Group spawn(const std::string& title, const std::string& program, const std::string& count, double direct_target,
            double crowd_target) {
  const std::string what = "run " + title + ", output captured";
  return {"spawn " + title,
          {{"direct", {kFloor, "spawn", "direct", "1", count, program}},
           {"asked", {kFloor, "spawn", "asked", "1", count, program}},
           {"ours", {kOurs, "spawn", "1", count, program}},
           {"ours16", {kOurs, "spawn", "16", count, program}},
           {"asked16", {kFloor, "spawn", "asked", "16", count, program}},
           {"Python subprocess", {kPython, "bench_peer.py", "spawn", "1", count, program}},
           {"GLib", {"bench_glib", "spawn", "1", count, program}},
           {"libuv", {"bench_libuv", "spawn", "1", count, program}},
           {"asyncio", {kPython, "bench_peer.py", "spawn", "16", count, program}},
           {"GLib ", {"bench_glib", "spawn", "16", count, program}},
           {"libuv ", {"bench_libuv", "spawn", "16", count, program}}},
          {{.figure = what + ", one by one",
            .unit = "µs",
            .ours = {"ours"},
            .reference = {"direct"},
            .reference_name = "clone by oneself",
            .bound = Bound::at_most,
            .target = direct_target,
            .peers = {"Python subprocess", "GLib", "libuv"}},
           {.figure = "the same against a minimal warden",
            .unit = "µs",
            .ours = {"ours"},
            .reference = {"asked"},
            .reference_name = "asked",
            .bound = Bound::at_most,
            .target = 1 / 0.95},
           {.figure = what + ", 16 in flight",
            .unit = "µs",
            .ours = {"ours16"},
            .reference = {"direct"},
            .reference_name = "clone by oneself, one by one",
            .bound = Bound::at_most,
            .target = crowd_target,
            .peers = {"asyncio", "GLib ", "libuv "}},
           {.figure = "the same against a minimal warden",
            .unit = "µs",
            .ours = {"ours16"},
            .reference = {"asked16"},
            .reference_name = "asked, 16 in flight"}}};
}

/// What a large or busy owner pays.
Group loaded(const std::string& title, const std::string& load, const std::string& amount) {
  return {"loaded " + load,
          {{"ours", {kOurs, "loaded", load, amount, "800", kChild}},
           {"clone by oneself", {kFloor, "loaded", "direct", load, amount, "200", kChild}},
           {"fork", {kFloor, "loaded", "fork", load, amount, "20", kChild}, false}},
          {{.figure = "run a tiny program, " + title,
            .unit = "µs",
            .ours = {"ours", 1},
            .reference = {"ours", 0},
            .reference_name = "without",
            .bound = Bound::at_most,
            .target = 1.2,
            .peers = {"clone by oneself", "fork"}}}};
}

Group exit_latency() {
  return {"exit latency",
          {{"waitid", {kFloor, "exit-latency", "200", kChild}},
           {"ours", {kOurs, "exit-latency", "200", kChild}},
           {"Python subprocess", {kPython, "bench_peer.py", "exit-latency", "200", kChild}},
           {"GLib", {"bench_glib", "exit-latency", "200", kChild}},
           {"libuv", {"bench_libuv", "exit-latency", "200", kChild}}},
          {{.figure = "exit latency, p50",
            .unit = "µs",
            .ours = {"ours"},
            .reference = {"waitid"},
            .reference_name = "blocking waitid",
            .bound = Bound::at_most,
            .target = 2,
            .peers = {"Python subprocess", "GLib", "libuv"}},
           {.figure = "exit latency, p99",
            .unit = "µs",
            .ours = {"ours", 1},
            .reference = {"waitid", 1},
            .reference_name = "blocking waitid",
            .peers = {"Python subprocess", "GLib", "libuv"}}}};
}

Group capture() {
  return {"capture",
          {{"read", {kFloor, "read", "1024", kChild}},
           {"ours", {kOurs, "callback", "1024", kChild}},
           {"GLib", {"bench_glib", "callback", "1024", kChild}},
           {"libuv", {"bench_libuv", "callback", "1024", kChild}}},
          {{.figure = "capture to a callback",
            .unit = "GB/s",
            .ours = {"ours"},
            .reference = {"read"},
            .reference_name = "read(2), pipe of 1 MiB",
            .bound = Bound::at_least,
            .target = 0.85,
            .peers = {"GLib", "libuv"}}}};
}

Group kept() {
  return {"kept",
          {{"GLib", {"bench_glib", "kept", "256", kChild}},
           {"ours", {kOurs, "kept", "256", kChild}},
           {"ours, 32 MiB", {kOurs, "kept", "32", kChild}},
           {"Python subprocess", {kPython, "bench_peer.py", "kept", "256", kChild}}},
          {{.figure = "capture kept in memory, 256 MiB",
            .unit = "GB/s",
            .ours = {"ours"},
            .reference = {"GLib"},
            .reference_name = "GLib",
            .bound = Bound::at_least,
            .target = 1,
            .peers = {"Python subprocess"}},
           {.figure = "the same: linear",
            .unit = "GB/s",
            .ours = {"ours"},
            .reference = {"ours, 32 MiB"},
            .reference_name = "32 MiB",
            .bound = Bound::at_least,
            .target = 0.5}}};
}

/// What is a figure and no ratio.
Group quiet() {
  return {"quiet",
          {{"idle", {kOurs, "idle", "1000", kChild}, false},
           {"stop", {kOurs, "stop", "50", kChild}},
           {"memory", {kOurs, "memory", "1000", kChild}}},
          {{.figure = "CPU while nothing happens, 1,000 children, owner and warden",
            .unit = "% of one CPU",
            .ours = {"idle"},
            .bound = Bound::at_most,
            .target = 0.1},
           {.figure = "stop 50 processes that ignore SIGTERM: beyond the one grace",
            .unit = "ms",
            .ours = {"stop"},
            .bound = Bound::at_most,
            .target = 50},
           {.figure = "memory for each idle child: in the owner", .unit = "KiB", .ours = {"memory", 0}},
           {.figure = "memory for each idle child: in the warden", .unit = "KiB", .ours = {"memory", 1}}}};
}

}  // namespace

std::vector<Group> process_groups() {
  return {spawn("a tiny program", kChild, "1500", 1.35, 0.85),
          spawn("/bin/true", "/bin/true", "400", 1.2, 0.85),
          loaded("1 GiB of heap in the owner", "heap", "1024"),
          loaded("6,000 live children", "live", "6000"),
          exit_latency(),
          capture(),
          kept(),
          quiet()};
}

}  // namespace bench

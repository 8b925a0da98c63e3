#include "dummynet/scenario/planner.hpp"

#include <gmock/gmock.h>

#include <string>

#include "support/complaints.hpp"

namespace dummynet::scenario {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::string complaints(std::string_view text) { return test::lines(read_plan(text).complaints); }

/// Nodes a and b, linked; `c` alone.
std::string with_processes(const std::string& processes) {
  return "nodes: {a: , b: , c: }\nlinks: [{endpoints: [a, b]}]\nprocesses:\n" + processes;
}

TEST(Planner, PutsProcessesIntoTheOrderOfTheirStart) {
  const auto [plan, found, warnings] =
      read_plan(with_processes("  client: {node: a, command: x, depends_on: {server: ready}, timeout: 5s}\n"
                               "  server: {node: b, command: y, daemon: true, ready: {listen: 80}}\n"));

  ASSERT_THAT(found, IsEmpty());
  ASSERT_THAT(plan.processes, SizeIs(2));
  EXPECT_EQ(plan.processes[0].name, "server");
  EXPECT_EQ(plan.processes[0].ready, Ready::listen(80));
  EXPECT_EQ(plan.processes[1].name, "client");
  EXPECT_EQ(plan.processes[1].timeout, 5s);
  EXPECT_EQ(plan.processes[1].depends_on, (std::vector<PlannedDependency>{{0, Condition::ready}}));
}

TEST(Planner, GivesEveryInterfaceItsName) {
  const auto [plan, found, warnings] = read_plan(
      "nodes: {a: , b: , c: }\n"
      "links: [{endpoints: [a, b]}, {endpoints: ['a:eth0', 'c:wan']}, {endpoints: [a, c]}]\n"
      "processes: {p: {node: a, command: x}}\n");

  ASSERT_THAT(found, IsEmpty());
  std::vector<std::string> names;
  for (const net::PlannedInterface& one : plan.network.interfaces) {
    names.push_back(plan.network.nodes[one.node].name + ':' + one.name);
  }
  EXPECT_THAT(names, ElementsAre("a:eth1", "b:eth0", "a:eth0", "c:wan", "a:eth2", "c:eth0"));
}

TEST(Planner, LetsTheProcessOverruleTheEnvironmentOfItsNode) {
  const Planned planned = read_plan(
      "nodes: {a: {environment: {X: node, Y: node}}}\n"
      "processes: {p: {node: a, command: x, environment: {X: process}}}\n");

  EXPECT_EQ(planned.plan.processes.at(0).environment, (Environment{{"X", "process"}, {"Y", "node"}}));
}

TEST(Planner, NamesUnknownNodes) {
  EXPECT_EQ(complaints(with_processes("  p: {node: aa, command: x}")), "f:4:13: unknown node `aa`; did you mean `a`?");
  EXPECT_THAT(
      complaints(
          "nodes: {client: }\nlinks: [{endpoints: [client, sever]}]\nprocesses: {p: {node: client, command: x}}"),
      HasSubstr("f:2:30: unknown node `sever`"));
}

TEST(Planner, NamesUnknownProcesses) {
  EXPECT_EQ(
      complaints(with_processes("  server: {node: a, command: x}\n  p: {node: a, command: x, depends_on: [sevrer]}")),
      "f:5:41: unknown process `sevrer`; did you mean `server`?");
  EXPECT_THAT(complaints(with_processes("  q: {node: a, command: x}\n  p: {node: a, command: x, depends_on: [q, q]}")),
              HasSubstr("f:5:44: the dependency `q` is named twice"));
}

TEST(Planner, NamesAllOfACycle) {
  EXPECT_EQ(complaints(with_processes("  a: {node: a, command: x, depends_on: [b]}\n"
                                      "  b: {node: a, command: x, depends_on: [c]}\n"
                                      "  c: {node: a, command: x, depends_on: [a]}\n")),
            "f:4:41: these processes wait for each other: `a` → `b` → `c` → `a`");
  EXPECT_THAT(complaints(with_processes("  p: {node: a, command: x, depends_on: [p]}")),
              HasSubstr("wait for each other: `p` → `p`"));
}

TEST(Planner, AsksOnlyForWhatCanCome) {
  EXPECT_THAT(complaints(with_processes(
                  "  s: {node: b, command: x, daemon: true}\n  p: {node: a, command: x, depends_on: {s: ready}}")),
              HasSubstr("f:5:41: `s` has no `ready` condition"));
  for (const char* condition : {"completed", "succeeded"}) {
    EXPECT_THAT(complaints(with_processes(
                    "  s: {node: b, command: x, daemon: true}\n  p: {node: a, command: x, depends_on: {s: " +
                    std::string{condition} + "}}")),
                HasSubstr("`s` is a daemon, it never ends by itself"));
  }
  EXPECT_THAT(complaints(with_processes("  s: {node: b, command: x, expect: {exit_code: 1}}\n  p: {node: a, command: "
                                        "x, depends_on: {s: succeeded}}")),
              HasSubstr("`s` is not expected to end with 0, so it never succeeds"));
}

TEST(Planner, DoesNotRepeatAMistakeAsAnother) {
  EXPECT_THAT(complaints(with_processes("  s: {node: b, command: x, daemon: true, ready: {listen: zero}}\n  p: {node: "
                                        "a, command: x, depends_on: {s: ready}}")),
              AllOf(HasSubstr("`listen` must be"), Not(HasSubstr("\n"))));
  EXPECT_THAT(complaints("processes: {p: {node: a, command: x}}"),
              AllOf(HasSubstr("needs `nodes`"), Not(HasSubstr("\n"))));
}

TEST(Planner, WantsAPathToAServer) {
  EXPECT_THAT(complaints(with_processes("  s: {node: c, command: x, daemon: true, ready: {listen: 1}}\n  p: {node: a, "
                                        "command: x, depends_on: {s: ready}}")),
              HasSubstr("f:5:41: `s` cannot be reached: no links lead from node `a` to node `c`"));
  EXPECT_THAT(complaints(with_processes("  s: {node: c, command: x, daemon: true, ready: {listen: 1}}\n  p: {node: a, "
                                        "command: x, depends_on: {s: started}}")),
              IsEmpty());
}

TEST(Planner, WantsAProcessThatEnds) {
  EXPECT_THAT(
      complaints(with_processes("  s: {node: b, command: x, daemon: true}\n  t: {node: b, command: x, daemon: true}")),
      HasSubstr("f:4:3: all processes are daemons"));
}

TEST(Planner, ChecksNames) {
  EXPECT_THAT(complaints("nodes: {my_node: }\nprocesses: {p: {node: my_node, command: x}}"),
              HasSubstr("f:1:9: node name 'my_node' holds something else than letters"));
  EXPECT_THAT(
      complaints("nodes: {-n: , N: , n: , localhost: }\nprocesses: {p: {node: n, command: x}}"),
      AllOf(HasSubstr("begins or ends with a hyphen"), HasSubstr("the nodes `N` and `n` have the same host name"),
            HasSubstr("node name 'localhost' means every node itself")));
  EXPECT_THAT(complaints("nodes: {n: }\nprocesses: {my process: {node: n, command: x}}"),
              HasSubstr("`my process` is no name for a process"));
  EXPECT_THAT(complaints("nodes: {n: }\nprocesses: {p: {node: n, command: x, metrics: {'a b': {json: x}}}}"),
              HasSubstr("`a b` is no name for a metric"));
}

TEST(Planner, ChecksLinks) {
  const auto about = [](const std::string& endpoints) {
    return complaints("nodes: {a: , b: }\nlinks: [{endpoints: " + endpoints +
                      "}]\nprocesses: {p: {node: a, command: x}}");
  };

  EXPECT_THAT(about("[a, a]"), HasSubstr("f:2:25: this link joins `a` to itself"));
  EXPECT_THAT(about("['a:lo', b]"), HasSubstr("f:2:22: interface name 'lo' has a meaning of its own"));
  EXPECT_THAT(about("['a:averylonginterface', b]"), HasSubstr("longer than 15 characters"));
  EXPECT_THAT(about("['a:x y', b]"), HasSubstr("interface name 'x y' holds a character the kernel refuses"));
  EXPECT_THAT(about("['a:e', b]}, {endpoints: ['a:e', b]"), HasSubstr("the node `a` already has an interface `e`"));
}

TEST(Planner, CompilesRegularExpressions) {
  EXPECT_THAT(complaints(with_processes("  p: {node: a, command: x, ready: {log: '('}}")),
              HasSubstr("f:4:41: the regular expression `(` is not valid: missing )"));
  EXPECT_THAT(complaints(with_processes("  p: {node: a, command: x, metrics: {m: {regex: '['}}}")),
              HasSubstr("is not valid"));
  EXPECT_THAT(complaints(with_processes("  p: {node: a, command: x, metrics: {m: {regex: 'x'}}}")),
              HasSubstr("has no group"));
  EXPECT_THAT(complaints(with_processes("  p: {node: a, command: x, ready: {http: 'https://a/'}}")),
              HasSubstr("`https://a/` cannot be asked: "));
}

TEST(Planner, ChecksThatExpectationsSuitTheRole) {
  EXPECT_THAT(complaints(with_processes("  p: {node: a, command: x, expect: {running: true}}")),
              HasSubstr("`running` is for daemons; `p` is none"));
  const auto daemon = [](const std::string& keys) {
    return complaints(
        with_processes("  p: {node: a, command: x}\n  d: {node: a, command: x, daemon: true, " + keys + "}"));
  };
  EXPECT_THAT(daemon("expect: {running: false}"), HasSubstr("a daemon has to keep running"));
  EXPECT_THAT(daemon("expect: {exit_code: 0}"), HasSubstr("`exit_code` says nothing about the daemon `d`"));
  EXPECT_THAT(daemon("expect: {signal: TERM}"), HasSubstr("`signal` says nothing about the daemon `d`"));
  EXPECT_THAT(daemon("timeout: 5s"), HasSubstr("the daemon `d` has a `timeout`"));
  EXPECT_THAT(daemon("expect: {running: true, stdout: 'x'}"), IsEmpty());
  EXPECT_THAT(complaints(with_processes("  p: {node: a, command: x, expect: {exit_code: 1, signal: TERM}}")),
              HasSubstr("not both"));
}

TEST(Planner, IsQuickWithHugeFiles) {
  // Each bound below was quadratic once thought of: names, interfaces, suggestions.
  std::string nodes = "nodes: {a: , b: }\nlinks:\n";
  for (int i = 0; i < 15'000; ++i) nodes += "- {endpoints: [a, b]}\n";
  nodes += "processes: {p: {node: a, command: x}}\n";
  EXPECT_THAT(read_plan(nodes).complaints, IsEmpty());

  std::string words = "nodes: {a: }\nprocesses:\n";
  for (int i = 0; i < 15'000; ++i)
    words += "  p" + std::to_string(i) + ": {node: zzzzz" + std::to_string(i) + ", command: x}\n";
  EXPECT_THAT(read_plan(words).complaints, SizeIs(15'000));
}

}  // namespace
}  // namespace dummynet::scenario

#include "dummynet/scenario/scenario.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <string>

#include "dummynet/scenario/document.hpp"
#include "support/complaints.hpp"

namespace dummynet::scenario {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kComplete = R"(
name: complete
seed: 7
timeout: 60s
nodes:
  client:
  server: {kind: host, environment: {LANG: C, EMPTY: }}
links:
  - endpoints: [client, "server:wan"]
processes:
  server:
    node: server
    command: [iperf3, --server]
    daemon: true
    ready: {listen: udp/5201, timeout: 3s}
    expect: {running: true}
  client:
    node: client
    command: iperf3 --client server
    depends_on: {server: ready}
    timeout: 20s
    cwd: /tmp
    environment: {TZ: UTC}
    expect: {exit_code: 3, stdout: '*ok*', stderr: '?'}
    metrics:
      throughput: {json: end.sum.0.rate, unit: bit/s}
      rtt: {regex: 'rtt=([0-9.]+)'}
  killed:
    node: client
    command: sleep 1
    depends_on: [server, client]
    expect: {signal: SIGTERM}
)";

ParsedScenario parse(std::string_view text) {
  const Document document = parse_document(text);
  EXPECT_THAT(document.complaints, IsEmpty());
  EXPECT_TRUE(document.root);
  return parse_scenario(*document.root);
}

/// One process `p` with these further keys, in line 3 from column 37 on.
std::string complaint_about(const std::string& keys) {
  const auto parsed = parse("nodes: {n: }\nprocesses:\n  p: {node: n, command: /bin/true, " + keys + "}\n");
  return test::lines(parsed.complaints);
}

std::string complaint_about_file(std::string_view text) { return test::lines(parse(text).complaints); }

TEST(Scenario, IsReadCompletely) {
  const auto [scenario, complaints] = parse(kComplete);

  ASSERT_THAT(complaints, IsEmpty());
  EXPECT_EQ(scenario.name, "complete");
  EXPECT_EQ(scenario.seed, 7U);
  EXPECT_EQ(scenario.timeout, 60s);
  ASSERT_THAT(scenario.nodes, SizeIs(2));
  EXPECT_EQ(scenario.nodes[1].environment, (Environment{{"LANG", "C"}, {"EMPTY", ""}}));
  ASSERT_THAT(scenario.links, SizeIs(1));
  EXPECT_EQ(scenario.links[0].network.first.interface, "");
  EXPECT_EQ(scenario.links[0].network.second.node, "server");
  EXPECT_EQ(scenario.links[0].network.second.interface, "wan");
  ASSERT_THAT(scenario.processes, SizeIs(3));
}

TEST(Scenario, ReadsAProcessCompletely) {
  const Scenario scenario = parse(kComplete).scenario;

  const ProcessSpec& server = scenario.processes.at(0);
  EXPECT_TRUE(server.daemon);
  EXPECT_EQ(server.command, (Command{"iperf3", "--server"}));
  Ready ready = Ready::listen(5201, ReadyListen::Protocol::udp);
  ready.timeout = 3s;
  EXPECT_EQ(server.ready->value, ready);
  const ProcessSpec& client = scenario.processes.at(1);
  EXPECT_EQ(client.command, Command("iperf3 --client server"));
  EXPECT_EQ(client.depends_on.at(0).condition, Condition::ready);
  EXPECT_EQ(client.timeout, 20s);
  EXPECT_EQ(client.cwd, "/tmp");
  EXPECT_EQ(client.expect.exit_code->value, 3);
  EXPECT_EQ(client.expect.out, "*ok*");
  EXPECT_EQ(client.expect.err, "?");
  EXPECT_EQ(std::get<JsonPath>(client.metrics.at(0).source).steps,
            (std::vector<std::string>{"end", "sum", "0", "rate"}));
  EXPECT_EQ(client.metrics.at(0).unit, "bit/s");
  EXPECT_EQ(std::get<MetricRegex>(client.metrics.at(1).source).regex, "rtt=([0-9.]+)");
  EXPECT_EQ(scenario.processes.at(2).expect.signal->value, SIGTERM);
}

TEST(Scenario, TakesAPlainListOfDependenciesAsStarted) {
  const Scenario scenario = parse(kComplete).scenario;

  for (const DependencySpec& dependency : scenario.processes.at(2).depends_on) {
    EXPECT_EQ(dependency.condition, Condition::started);
  }
  EXPECT_THAT(scenario.processes.at(2).depends_on, SizeIs(2));
}

TEST(Scenario, KnowsEveryReadyCondition) {
  const auto ready = [](const std::string& text) {
    return parse("nodes: {n: }\nprocesses: {p: {node: n, command: x, ready: {" + text + "}}}")
        .scenario.processes.at(0)
        .ready->value;
  };

  EXPECT_EQ(ready("listen: 80"), Ready::listen(80));
  EXPECT_EQ(ready("listen: tcp/80"), Ready::listen(80));
  EXPECT_EQ(ready("log: 'ready$'"), Ready::log("ready$"));
  EXPECT_EQ(ready("exec: test -e x"), Ready::exec("test -e x"));
  EXPECT_EQ(ready("exec: [test, -e, x]"), Ready::exec({"test", "-e", "x"}));
  EXPECT_EQ(ready("file: /tmp/x"), Ready::file("/tmp/x"));
  EXPECT_EQ(ready("http: 'http://localhost/'"), Ready::http("http://localhost/"));
  EXPECT_EQ(ready("notify: true"), Ready::notify());
}

TEST(Scenario, SuggestsTheKeyThatWasMeant) {
  EXPECT_EQ(complaint_about("daemno: true"), "f:3:36: unknown key `daemno` of a process; did you mean `daemon`?");
  EXPECT_THAT(
      complaint_about_file(
          "nodes: {a: , b: }\nlinks: [{endpoints: [a, b], dealy: 20ms}]\nprocesses: {p: {node: a, command: x}}"),
      HasSubstr("f:2:29: unknown key `dealy` of a link; did you mean `delay`?"));
  EXPECT_EQ(complaint_about("zzz: 1"), "f:3:36: unknown key `zzz` of a process");
}

TEST(Scenario, NeverIgnoresWhatItCannotDoYet) {
  const std::string complaints = complaint_about_file(R"(
nodes: {a: , b: {mtu: 1400}}
processes: {p: {node: a, command: x, limits: {}}}
captures: []
assert: []
)");

  for (const char* key : {"mtu", "limits", "captures", "assert"}) {
    EXPECT_THAT(complaints, HasSubstr("`" + std::string{key} + "` is not supported yet"));
  }
}

TEST(Scenario, TellsAllMistakesAtOnceInOrder) {
  const auto parsed = parse("timeout: 60\nseed: -1\nnodes: []\nprocesses:\n  p: {command: 5s, daemon: 1}\n");

  std::vector<int> lines;
  for (const Complaint& complaint : parsed.complaints) lines.push_back(complaint.position.line);
  EXPECT_THAT(lines, ElementsAre(1, 2, 3, 5, 5));
}

TEST(Scenario, NeedsNodesAndProcesses) {
  EXPECT_THAT(complaint_about_file("name: x"),
              AllOf(HasSubstr("f:1:1: a scenario needs `nodes`"), HasSubstr("f:1:1: a scenario needs `processes`")));
  EXPECT_THAT(complaint_about_file("nodes: {}\nprocesses:\n"),
              AllOf(HasSubstr("needs `nodes`"), HasSubstr("needs `processes`")));
  EXPECT_THAT(complaint_about_file("hello"), HasSubstr("f:1:1: a scenario must be a map, this is a text"));
}

TEST(Scenario, RefusesMalformedValues) {
  EXPECT_THAT(complaint_about("timeout: 5"), HasSubstr("f:3:45: `timeout`: `5` has no unit; did you mean `5s`?"));
  EXPECT_THAT(complaint_about("timeout: 0s"), HasSubstr("must be longer than nothing"));
  EXPECT_THAT(complaint_about("timeout: [1]"), HasSubstr("must be a text, this is a list"));
  EXPECT_THAT(complaint_about("daemon: yes"), HasSubstr("`daemon` must be `true` or `false`"));
  EXPECT_THAT(complaint_about("cwd: ''"), HasSubstr("`cwd` is empty"));
  EXPECT_THAT(complaint_about("environment: [A=B]"), HasSubstr("`environment` must be a map"));
  EXPECT_THAT(complaint_about("environment: {A=B: 1}"), HasSubstr("cannot be the name of an environment variable"));
  EXPECT_THAT(complaint_about("environment: {DUMMYNET_RUN: 1}"), HasSubstr("is set by dummynet itself"));
  EXPECT_THAT(complaint_about("environment: {A: \"x\\0\"}"), HasSubstr("holds a NUL character"));
  EXPECT_THAT(complaint_about("expect: {exit_code: 256}"),
              HasSubstr("`exit_code` must be a whole number from 0 to 255"));
  EXPECT_THAT(complaint_about("expect: {exit_code: -1}"), HasSubstr("must be a whole number"));
  EXPECT_THAT(complaint_about("expect: {signal: TERMINATE}"), HasSubstr("`TERMINATE` is no signal"));
  EXPECT_THAT(complaint_about("expect: {signal: 65}"), HasSubstr("is no signal"));
  EXPECT_THAT(complaint_about("metrics: {m: {unit: s}}"), HasSubstr("needs `json` or `regex`"));
  EXPECT_THAT(complaint_about("metrics: {m: {json: a, regex: b}}"), HasSubstr("needs `json` or `regex`"));
  EXPECT_THAT(complaint_about("metrics: {m: {json: a..b}}"), HasSubstr("`a..b` is no path"));
}

TEST(Scenario, RefusesMalformedReadiness) {
  for (const char* port : {"0", "65536", "http", "5201/udp", "sctp/1", "-1", "[80]", "''"}) {
    EXPECT_THAT(complaint_about("ready: {listen: " + std::string{port} + "}"),
                HasSubstr("`listen` must be a port from 1 to 65535"))
        << port;
  }
  EXPECT_THAT(complaint_about("ready: {}"), HasSubstr("`ready` has no condition"));
  EXPECT_THAT(complaint_about("ready: {timeout: 1s}"), HasSubstr("`ready` has no condition"));
  EXPECT_THAT(complaint_about("ready: {listen: 80, log: x}"),
              HasSubstr("`ready` has one condition: `listen` or `log`"));
  EXPECT_THAT(complaint_about("ready: {notify: false}"), HasSubstr("can only be `true`"));
  EXPECT_THAT(complaint_about("ready: {log: ''}"), HasSubstr("`log` is empty"));
  EXPECT_THAT(complaint_about("ready: 5201"), HasSubstr("`ready` must be a map, this is a text"));
}

TEST(Scenario, RefusesMalformedCommands) {
  const auto about = [](const std::string& command) {
    return complaint_about_file("nodes: {n: }\nprocesses: {p: {node: n, command: " + command + "}}");
  };

  EXPECT_THAT(about(""), HasSubstr("`command` must be a text, this is nothing"));
  EXPECT_THAT(about("' '"), HasSubstr("`command` is empty"));
  EXPECT_THAT(about("[]"), HasSubstr("`command` names no program"));
  EXPECT_THAT(about("['', x]"), HasSubstr("`command` names no program"));
  EXPECT_THAT(about("[x, [y]]"), HasSubstr("an argument of `command` must be a text, this is a list"));
  EXPECT_THAT(about("{a: b}"), HasSubstr("`command` must be a text, this is a map"));
}

TEST(Scenario, RefusesMalformedDependencies) {
  EXPECT_THAT(complaint_about("depends_on: server"), HasSubstr("`depends_on` must be a map"));
  EXPECT_THAT(complaint_about("depends_on: {server: reday}"),
              HasSubstr("unknown condition `reday`; there are `started`, `ready`, `completed` and `succeeded`; did you "
                        "mean `ready`?"));
  EXPECT_THAT(complaint_about("depends_on: {server: {condition: service_healthy}}"),
              HasSubstr("a condition must be `started`"));
  EXPECT_THAT(complaint_about("depends_on: {server: }"), HasSubstr("a condition must be `started`"));
}

TEST(Scenario, RefusesMalformedLinks) {
  const auto about = [](const std::string& links) {
    return complaint_about_file("nodes: {n: }\nlinks: " + links + "\nprocesses: {p: {node: n, command: x}}");
  };

  EXPECT_THAT(about("{a: b}"), HasSubstr("`links` must be a list, this is a map"));
  EXPECT_THAT(about("[[a, b]]"), HasSubstr("a link must be a map, this is a list"));
  EXPECT_THAT(about("[{}]"), HasSubstr("a link without `endpoints`"));
  EXPECT_THAT(about("[{endpoints: a}]"), HasSubstr("`endpoints` must be a list"));
  EXPECT_THAT(about("[{endpoints: [a]}]"), HasSubstr("a link has two endpoints, not 1"));
  EXPECT_THAT(about("[{endpoints: [a, b, c]}]"), HasSubstr("a link has two endpoints, not 3"));
  EXPECT_THAT(about("[{endpoints: [':eth0', 'b:']}]"),
              AllOf(HasSubstr("`:eth0` is no endpoint"), HasSubstr("`b:` is no endpoint")));
}

}  // namespace
}  // namespace dummynet::scenario

#include "dummynet/scenario/runner.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>

#include "support/monitor_test.hpp"
#include "support/recording_report.hpp"

namespace dummynet::scenario {
namespace {

using test::RecordingReport;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RunnerTest : public test::MonitorTest {
 protected:
  static Plan plan_of(const std::string& text) {
    Planned planned = read_plan(text);
    for (const Complaint& complaint : planned.complaints) ADD_FAILURE() << to_string(complaint, "scenario");
    planned.plan.name = "test";
    return planned.plan;
  }
  static RunResult run(const Plan& plan, RecordingReport& report) {
    ProcessMonitor monitor{test::options_for(test::Kind::sandbox)};
    RunnerOptions options;
    options.run = "test-1";
    Runner runner{plan, monitor, report, options};
    return runner.run();
  }
  static RunResult run(const std::string& text) {
    RecordingReport report;
    return run(plan_of(text), report);
  }
};

TEST_F(RunnerTest, StartsEachProcessWhenItsConditionsHold) {
  // The daemon is ready after its line; `first` has to end before `second` starts.
  const Plan plan = plan_of(R"(
nodes: {n: }
processes:
  second: {node: n, command: echo two, depends_on: {first: succeeded}}
  first: {node: n, command: echo one, depends_on: {server: ready}}
  server: {node: n, command: echo up; sleep 1000, daemon: true, ready: {log: up}}
)");
  RecordingReport report;

  const RunResult result = run(plan, report);

  EXPECT_EQ(result.verdict, Verdict::passed) << result.cause.text;
  EXPECT_THAT(report.events,
              ElementsAre("run test", "start server", "server | up", "ready server", "start first", "first | one",
                          "end first", "start second", "second | two", "end second", "end server", "passed"));
}

TEST_F(RunnerTest, RunsProcessesWithoutConditionsAtTheSameTime) {
  // Each waits for the other one: one after the other would hang.
  const RunResult result =
      run(R"(
nodes: {n: }
timeout: 60s
processes:
  a: {node: n, command: 'mkfifo )" +
          path("a") + "; mkfifo " + path("b") + "; echo x > " + path("a") + "; cat " + path("b") + R"('}
  b: {node: n, command: 'while ! test -p )" +
          path("b") + "; do sleep 0.01; done; cat " + path("a") + "; echo y > " + path("b") + R"('}
)");

  EXPECT_EQ(result.verdict, Verdict::passed) << result.cause.text;
}

TEST_F(RunnerTest, WaitsForSeveralDaemonsWhileNoClientRuns) {
  const RunResult result = run(R"(
nodes: {n: }
processes:
  one: {node: n, command: echo up; sleep 1000, daemon: true, ready: {log: up}}
  two: {node: n, command: echo up; sleep 1000, daemon: true, ready: {log: up}, depends_on: {one: ready}}
  three: {node: n, command: sleep 1000, daemon: true, depends_on: {two: ready}}
  client: {node: n, command: 'true', depends_on: {two: ready, three: started}}
)");

  EXPECT_EQ(result.verdict, Verdict::passed) << result.cause.text;
  EXPECT_EQ(result.cause.text.find("client exited with 0"), 0U);
  EXPECT_THAT(result.cause.text, HasSubstr("one, two and three stayed up throughout"));
}

TEST_F(RunnerTest, EndsAtTheFirstFailure) {
  const RunResult result = run(R"(
nodes: {n: }
processes:
  bad: {node: n, command: 'echo oops; exit 9'}
  long: {node: n, command: sleep 1000}
  later: {node: n, command: 'true', depends_on: {long: completed}}
)");

  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_EQ(result.cause.kind, Cause::Kind::unexpected_ending);
  EXPECT_EQ(result.cause.process, "bad");
  EXPECT_THAT(result.cause.last_lines, HasSubstr("oops"));
  EXPECT_THAT(result.cause.consequences, ElementsAre(HasSubstr("long was stopped after"), "later was never started"));
  EXPECT_FALSE(result.processes.at(2).info);
}

TEST_F(RunnerTest, BlamesTheServerWhoseDeathMadeTheClientFail) {
  // The client fails because the pipe from the server ends: nearly at the same time, and in whatever order it is seen.
  for (int attempt = 0; attempt < 5; ++attempt) {
    const std::string fifo = path("fifo" + std::to_string(attempt));
    const RunResult result =
        run("nodes: {n: }\nprocesses:\n  client: {node: n, command: 'read x < " + fifo +
            "; exit 1', depends_on: {server: ready}}\n" + "  server: {node: n, command: 'mkfifo " + fifo +
            "; exec 3> " + fifo + "; exit 7', daemon: true, ready: {file: " + fifo + "}}\n");

    EXPECT_EQ(result.cause.kind, Cause::Kind::daemon_ended) << result.cause.text;
    EXPECT_EQ(result.cause.process, "server");
  }
}

TEST_F(RunnerTest, SaysWhoHoldsThePort) {
  const RunResult result =
      run("nodes: {n: }\nprocesses:\n  squatter: {node: n, daemon: true, ready: {listen: 5000}, command: [" +
          test::payload("listener") +
          ", tcp, 0.0.0.0, '5000']}\n  server: {node: n, daemon: true, ready: {listen: 5000, timeout: 200ms}, command: "
          "sleep "
          "1000, depends_on: {squatter: ready}}\n"
          "  client: {node: n, command: 'true', depends_on: {server: ready}}\n");

  EXPECT_EQ(result.cause.kind, Cause::Kind::never_ready) << result.cause.text;
  EXPECT_THAT(result.cause.text,
              AllOf(HasSubstr("server was not ready within 200ms"), HasSubstr("; port 5000 is held by ")));
}

TEST_F(RunnerTest, CanBeInterruptedFromAnEvent) {
  const Plan plan = plan_of("nodes: {n: }\nprocesses: {p: {node: n, command: echo up; exec sleep 1000}}\n");
  ProcessMonitor monitor{test::options_for(test::Kind::sandbox)};
  RecordingReport report;
  RunnerOptions options;
  options.run = "test-1";
  Runner runner{plan, monitor, report, options};
  report.on_event = [&](const std::string& event) {
    if (event == "p | up") runner.interrupt(SIGTERM);
  };

  const RunResult result = runner.run();

  EXPECT_EQ(result.verdict, Verdict::interrupted);
  EXPECT_EQ(result.signal, SIGTERM);
  ASSERT_TRUE(result.processes.at(0).info);
  EXPECT_TRUE(result.processes.at(0).info->stopped);
}

TEST_F(RunnerTest, TakesMetricsAlsoFromARunThatFailed) {
  const RunResult result = run(R"(
nodes: {n: }
processes:
  p: {node: n, command: 'echo x=5; exit 1', metrics: {x: {regex: 'x=(\d+)', unit: s}, y: {regex: 'y=(\d+)'}}}
)");

  EXPECT_EQ(result.cause.kind, Cause::Kind::unexpected_ending);
  ASSERT_EQ(result.metrics.size(), 1U);
  EXPECT_EQ(result.metrics.at(0).value, 5);
}

TEST_F(RunnerTest, LinksNodesAsPlanned) {
  const RunResult result = run(R"(
nodes: {a: , b: , c: }
links: [{endpoints: [a, b]}, {endpoints: ["a:wan", "c:eth0"]}]
processes:
  to-b: {node: a, command: [ping, -c, "1", -W, "20", b]}
  to-c: {node: a, command: [ping, -c, "1", -W, "20", c]}
  names: {node: a, command: ls /sys/class/net, expect: {stdout: wan}}
)");

  EXPECT_EQ(result.verdict, Verdict::passed) << result.cause.text << result.cause.last_lines;
}

TEST_F(RunnerTest, CarriesOutEventsFromTheFirstClientOn) {
  // The daemon takes its time to be ready; nothing happens before a client runs.
  const Plan plan = plan_of(R"(
nodes: {n: }
processes:
  server: {node: n, command: sleep 0.2; echo up; sleep 1000, daemon: true, ready: {log: up}}
  client: {node: n, command: exec sleep 1000, depends_on: {server: ready}, expect: {signal: USR1}}
events:
  - {at: 0s, process: client, signal: USR1}
)");
  RecordingReport report;

  const RunResult result = run(plan, report);

  EXPECT_EQ(result.verdict, Verdict::passed) << result.cause.text;
  EXPECT_THAT(report.events, ElementsAre("run test", "start server", "server | up", "ready server", "start client",
                                         "event SIGUSR1 to client", "end client", "end server", "passed"));
  ASSERT_EQ(result.events.size(), 1U);
  EXPECT_TRUE(result.events[0].done);
}

TEST_F(RunnerTest, FailsWithAnEventThatCannotBeCarriedOut) {
  const RunResult result = run(R"(
nodes: {n: }
processes:
  first: {node: n, command: exec sleep 1000}
  second: {node: n, command: echo never, depends_on: {first: completed}}
events:
  - {at: 10ms, process: second, signal: TERM}
  - {at: 1h, process: first, signal: TERM}
)");

  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_EQ(result.cause.kind, Cause::Kind::event_failed);
  EXPECT_EQ(result.cause.text,
            "the event at 10ms (SIGTERM to second) could not be carried out: second has not been started yet");
  ASSERT_EQ(result.events.size(), 2U);
  EXPECT_FALSE(result.events[1].done);
}

}  // namespace
}  // namespace dummynet::scenario

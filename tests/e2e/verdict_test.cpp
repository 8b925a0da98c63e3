// Every verdict with its cause and exit code, as root (where we are) and as an ordinary user.
#include <signal.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dummynet/os/proc_scan.hpp"
#include "e2e/scenario_test.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using Json = nlohmann::json;

class VerdictTest : public ScenarioTest, public testing::WithParamInterface<bool> {
 protected:
  CommandRun::Options who(CommandRun::Options options = {}) const {
    options.as_nobody = GetParam();
    return options;
  }
  CommandRun::Options with_input(const std::string& text) const { return who({.input = text}); }
};
INSTANTIATE_TEST_SUITE_P(, VerdictTest, testing::Bool(), [](const testing::TestParamInfo<bool>& test) {
  return test.param ? "AsNobody" : "AsOurselves";
});

/// Processes on one node, in YAML.
std::string on_a_node(const std::string& processes) { return "name: test\nnodes: {n: }\nprocesses:\n" + processes; }

// A daemon that says "up", and one client that waits for it.
const std::string kServer = "  server: {node: n, daemon: true, ready: {log: ^up}, command: ";
const std::string kClient = "  client: {node: n, depends_on: {server: ready}, command: ";

TEST_P(VerdictTest, PassedWhenAllHeld) {
  CommandRun run{{"run", "-"}, with_input(on_a_node(kServer + "echo up; sleep 1000}\n" + kClient + "echo done}\n"))};

  EXPECT_EQ(run.wait(), 0) << run.all();
  EXPECT_THAT(run.out(), AllOf(HasSubstr("server * waiting for a line that matches /^up/\n"),
                               HasSubstr("server | up\n"), HasSubstr("server * ready after "),
                               HasSubstr("client | done\n"), HasSubstr("client * exited with 0 after ")));
  EXPECT_THAT(run.out(), HasSubstr("\npassed: client exited with 0 after "));
  EXPECT_THAT(run.out(), testing::EndsWith("; server stayed up throughout\n"));
  EXPECT_EQ(run.err(), "");
}

TEST_P(VerdictTest, FailedByAnExitCode) {
  CommandRun run{{"run", "-", "--quiet"},
                 with_input(on_a_node(kServer + "echo up; sleep 1000}\n" + kClient + "echo wrong >&2; exit 3}\n"))};

  EXPECT_EQ(run.wait(), 1);
  EXPECT_THAT(run.out(), testing::StartsWith("failed: client exited with 3 after "));
  EXPECT_THAT(run.out(), AllOf(HasSubstr("; it was expected to exit with 0\n"),
                               HasSubstr(" into the run, process client on node n\n"), HasSubstr("    wrong\n"),
                               HasSubstr("  so server was stopped after ")));
}

TEST_P(VerdictTest, FailedByADaemonsDeathAndSaysWhatItMadeFail) {
  // The client sees the end of the server's socket, and may be seen to fail first.
  const std::string scenario = on_a_node("  server: {node: n, daemon: true, ready: {file: " + path("pipe") +
                                         "}, command: 'mkfifo " + path("pipe") + "; read x < " + path("pipe") +
                                         "; echo dying >&2; exit 0'}\n"
                                         "  client: {node: n, depends_on: {server: ready}, command: 'echo go > " +
                                         path("pipe") + "; sleep 1000'}\n");
  CommandRun run{{"run", "-"}, with_input(scenario)};

  EXPECT_EQ(run.wait(), 1) << run.all();
  EXPECT_THAT(run.out(), AllOf(HasSubstr("failed: the daemon server exited with 0 after "),
                               HasSubstr("while it should have kept running"), HasSubstr("    dying\n"),
                               HasSubstr("  so client was stopped after ")));
}

TEST_P(VerdictTest, FailedByReadinessThatNeverCame) {
  CommandRun run{{"run", "-", "--quiet"},
                 with_input(on_a_node(
                     "  server: {node: n, daemon: true, ready: {listen: 99, timeout: 100ms}, command: sleep 1000}\n" +
                     kClient + "echo x}\n"))};

  EXPECT_EQ(run.wait(), 1);
  EXPECT_THAT(run.out(),
              AllOf(HasSubstr("failed: server was not ready within 100ms; it was waited for tcp port 99 to listen"),
                    HasSubstr("  so client was never started\n")));
}

TEST_P(VerdictTest, FailedByAnEndBeforeReadiness) {
  CommandRun run{{"run", "-", "--quiet"},
                 with_input(on_a_node("  server: {node: n, daemon: true, ready: {listen: 99}, command: exit 4}\n" +
                                      kClient + "echo x}\n"))};

  EXPECT_EQ(run.wait(), 1);
  EXPECT_THAT(run.out(), AllOf(HasSubstr("failed: server exited with 4 after "),
                               HasSubstr(", before it was ready; it was waited for tcp port 99 to listen")));
}

TEST_P(VerdictTest, FailedByAMissingProgramWhetherShellLineOrVector) {
  for (const char* command : {"[nothing-of-this-name, x]", "nothing-of-this-name x"}) {
    CommandRun run{{"run", "-", "--quiet"},
                   with_input(on_a_node("  p: {node: n, command: " + std::string{command} +
                                        "}\n  q: {node: n, command: sleep 1000}\n"))};
    EXPECT_EQ(run.wait(), 1);
    EXPECT_THAT(run.out(), AllOf(HasSubstr("failed: p: cannot start nothing-of-this-name x: execute "
                                           "nothing-of-this-name: No such file or directory\n"),
                                 HasSubstr("  so q was never started\n")));
  }
}

TEST_P(VerdictTest, FailedByADirectoryThatIsNotThere) {
  CommandRun run{{"run", "-", "--quiet"},
                 with_input(on_a_node("  p: {node: n, command: 'true', cwd: /nothing/here}\n"))};

  EXPECT_EQ(run.wait(), 1);
  EXPECT_THAT(run.out(), AllOf(HasSubstr("/nothing/here"), HasSubstr("No such file or directory")));
}

TEST_P(VerdictTest, FailedByTimeoutsOfAProcessAndOfTheRun) {
  CommandRun process{{"run", "-", "--quiet"},
                     with_input(on_a_node("  p: {node: n, timeout: 100ms, command: 'echo begun; sleep 1000'}\n"))};
  EXPECT_EQ(process.wait(), 1);
  EXPECT_THAT(process.out(),
              AllOf(HasSubstr("failed: p ran longer than its timeout of 100ms\n"), HasSubstr("    begun\n")));

  const std::string scenario = "timeout: 300ms\n" + on_a_node(
                                                        "  p: {node: n, command: 'echo begun; sleep 1000'}\n  q: "
                                                        "{node: n, command: x, depends_on: {p: completed}}\n");
  CommandRun run{{"run", "-", "--quiet"}, with_input(scenario)};
  EXPECT_EQ(run.wait(), 1);
  EXPECT_THAT(run.out(),
              AllOf(HasSubstr("failed: the run took longer than its timeout of 300ms; p was still running\n"),
                    HasSubstr("  so q was never started\n")));
}

TEST_P(VerdictTest, FailedByTheTimeoutOfTheCommandLine) {
  CommandRun run{{"run", "-", "--quiet", "--timeout", "200ms"},
                 with_input("timeout: 1h\n" + on_a_node("  p: {node: n, command: sleep 1000}\n"))};

  EXPECT_EQ(run.wait(), 1);
  EXPECT_THAT(run.out(), HasSubstr("failed: the run took longer than its timeout of 200ms"));
}

TEST_P(VerdictTest, FailedByOutputThatDidNotCome) {
  CommandRun run{{"run", "-", "--quiet"},
                 with_input(on_a_node("  p: {node: n, command: echo other, expect: {stdout: wanted}}\n"))};
  EXPECT_EQ(run.wait(), 1);
  EXPECT_THAT(run.out(),
              AllOf(HasSubstr("failed: no line of p's standard output matches `wanted`\n"), HasSubstr("    other\n")));

  CommandRun daemon{{"run", "-", "--quiet"},
                    with_input(on_a_node("  d: {node: n, daemon: true, command: sleep 1000, expect: {stdout: "
                                         "wanted}}\n  p: {node: n, command: 'true'}\n"))};
  EXPECT_EQ(daemon.wait(), 1);
  EXPECT_THAT(daemon.out(), HasSubstr("failed: no line of d's standard output matches `wanted`; it is empty\n"));
}

TEST_P(VerdictTest, FailedByAMetricThatIsNotThere) {
  CommandRun run{{"run", "-", "--quiet"},
                 with_input(on_a_node("  p: {node: n, command: 'echo {}', metrics: {m: {json: a.b}}}\n"))};

  EXPECT_EQ(run.wait(), 1);
  EXPECT_THAT(run.out(),
              HasSubstr("failed: the metric p.m could not be measured: the output has no `a` in its JSON document\n"));
}

TEST_P(VerdictTest, PassedByExpectedEndings) {
  CommandRun run{{"run", "-", "--quiet"},
                 with_input(on_a_node(
                     "  a: {node: n, command: exit 7, expect: {exit_code: 7}}\n"
                     "  b: {node: n, command: kill -USR1 $$, expect: {signal: USR1}, depends_on: {a: completed}}\n"))};

  EXPECT_EQ(run.wait(), 0) << run.all();
  EXPECT_THAT(run.out(), testing::StartsWith("passed: a and b ended as expected"));
}

/// The warden of a run is the parent of what it started.
pid_t find_warden(const std::string& run_name) {
  for (const os::ProcessStat& one : os::read_processes()) {
    if (one.command == "sleep" && os::has_in_environment(one.pid, "DUMMYNET_RUN=" + run_name)) return one.parent;
  }
  return 0;
}

TEST_P(VerdictTest, InconclusiveWhenTheWardenIsLost) {
  CommandRun run{{"run", "-"},
                 with_input(on_a_node("  p: {node: n, command: 'echo up $DUMMYNET_RUN.; exec sleep 1000'}\n"))};
  ASSERT_TRUE(run.wait_for(".\n")) << run.all();
  const std::size_t name = run.out().find("up test-") + 3;
  const std::string run_name = run.out().substr(name, run.out().find(".\n") - name);
  pid_t warden = 0;
  ASSERT_TRUE(eventually([&] { return (warden = find_warden(run_name)) > 1; }));  // once the shell has become sleep
  ::kill(warden, SIGKILL);

  EXPECT_EQ(run.wait(), 4) << run.all();
  EXPECT_THAT(run.out(), AllOf(HasSubstr("inconclusive: p is gone after "), HasSubstr("nobody can say how it ended")));
}

TEST_P(VerdictTest, InterruptedBySignals) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    CommandRun run{{"run", "-"},
                   with_input(on_a_node("  p: {node: n, command: echo up; exec sleep 1000}\n  q: {node: n, command: x, "
                                        "depends_on: {p: completed}}\n"))};
    ASSERT_TRUE(run.wait_for("p | up\n")) << run.all();
    run.signal(signal);

    EXPECT_EQ(run.wait(), 128 + signal) << run.all();
    EXPECT_THAT(run.out(), AllOf(HasSubstr("interrupted: SIG"), HasSubstr(" stopped the run\n"),
                                 HasSubstr("  so p was stopped after "), HasSubstr("  so q was never started\n")));
  }
}

TEST_P(VerdictTest, InterruptedTwiceKillsAtOnce) {
  CommandRun run{
      {"run", "-"},
      with_input(on_a_node("  p: {node: n, command: 'trap : TERM; echo up; while :; do sleep 1000; done'}\n"))};
  ASSERT_TRUE(run.wait_for("p | up\n")) << run.all();
  run.signal(SIGINT);
  ASSERT_TRUE(run.wait_for("note: SIGINT: stopping")) << run.all();
  run.signal(SIGINT);

  EXPECT_EQ(run.wait(), 130) << run.all();
  EXPECT_THAT(run.out(), HasSubstr("p was stopped by SIGKILL"));
}

TEST_P(VerdictTest, InterruptedByCtrlCAtATerminal) {
  CommandRun run{{"run", "-"},
                 who({.input = on_a_node("  p: {node: n, command: echo up; exec sleep 1000}\n"),
                      .on_terminal = true,
                      .own_session = true})};
  ASSERT_TRUE(run.wait_for("up\r\n")) << run.all();
  run.type("\x03");

  EXPECT_EQ(run.wait(), 130) << run.all();
  EXPECT_THAT(run.out(), AllOf(HasSubstr("SIGINT stopped the run"), HasSubstr("p was stopped after ")));
}

TEST_P(VerdictTest, LeavesNothingEvenWhenKilled) {
  // What TearDown() finds is what counts: processes that left their session, deaf to signals.
  CommandRun run{{"run", "-"},
                 with_input(on_a_node("  p: {node: n, command: 'trap \"\" TERM HUP; setsid sleep 1000 & (sleep 1000 &) "
                                      "; echo up; sleep 1000'}\n"))};
  ASSERT_TRUE(run.wait_for("p | up\n")) << run.all();
  run.signal(SIGKILL);

  EXPECT_EQ(run.wait(), 128 + SIGKILL);
}

TEST_P(VerdictTest, NamesWhatAProcessLeftBehind) {
  CommandRun run{{"run", "-"},
                 with_input(on_a_node("  p: {node: n, command: '(trap \"\" HUP; exec sleep 1000) & echo up'}\n"))};

  EXPECT_EQ(run.wait(), 0) << run.all();
  EXPECT_THAT(run.out(), HasSubstr("p * left sleep (PID "));
}

TEST_P(VerdictTest, ExitCodeMayComeFromAProcess) {
  const std::string scenario = on_a_node("  p: {node: n, command: exit 42}\n");
  CommandRun run{{"run", "-", "--quiet", "--exit-code-from", "p"}, with_input(scenario)};
  EXPECT_EQ(run.wait(), 42);
}

TEST_P(VerdictTest, ComesAsJson) {
  CommandRun run{
      {"run", "-", "--format", "json"},
      with_input(on_a_node(
          kServer + "echo up; sleep 1000}\n" + kClient +
          "'echo \"rtt 2.5\"; printf \"\\\\377\" >&2', metrics: {rtt: {regex: 'rtt ([0-9.]+)', unit: ms}}}\n"))};

  EXPECT_EQ(run.wait(), 0) << run.all();
  const Json json = Json::parse(run.out());
  EXPECT_EQ(json.at("verdict"), "passed");
  EXPECT_EQ(json.at("name"), "test");
  EXPECT_EQ(json.at("cause").at("kind"), "completed");
  EXPECT_EQ(json.at("metrics").at("client.rtt"), (Json{{"value", 2.5}, {"unit", "ms"}}));
  ASSERT_EQ(json.at("processes").size(), 2U);
  EXPECT_EQ(json.at("processes").at(0).at("name"), "server");
  EXPECT_EQ(json.at("processes").at(0).at("ending").at("stopped"), true);
  EXPECT_EQ(json.at("processes").at(1).at("ending").at("exit_code"), 0);
}

TEST_P(VerdictTest, TellsProcessesWhereTheyAre) {
  CommandRun run{
      {"run", "-"},
      with_input(on_a_node(
          "  p: {node: n, command: 'echo at $DUMMYNET_NODE in $DUMMYNET_RUN with $X', environment: {X: y}}\n"))};

  EXPECT_EQ(run.wait(), 0) << run.all();
  EXPECT_THAT(run.out(), HasSubstr("p | at n in test-"));
  EXPECT_THAT(run.out(), HasSubstr(" with y\n"));
}

TEST_P(VerdictTest, SeesNamesOfOtherNodesAndNothingOfTheHost) {
  CommandRun run{{"run", "-"},
                 with_input("nodes: {a: , b: }\nlinks: [{endpoints: ['a:left', 'b:right']}]\nprocesses:\n"
                            "  p: {node: a, command: 'getent hosts b; ls /sys/class/net'}\n")};

  EXPECT_EQ(run.wait(), 0) << run.all();
  EXPECT_THAT(run.out(), AllOf(HasSubstr("10.0.0.2"), HasSubstr("p | left\n"), HasSubstr("p | lo\n"),
                               Not(HasSubstr("p | eth0\n"))));
}

TEST_P(VerdictTest, ColoursOnlyATerminal) {
  const std::string scenario = on_a_node("  p: {node: n, command: echo hello}\n");
  CommandRun pipe{{"run", "-"}, with_input(scenario)};
  EXPECT_EQ(pipe.wait(), 0);
  EXPECT_THAT(pipe.out(), Not(HasSubstr("\x1b[")));

  CommandRun terminal{{"run", "-"},
                      who({.input = scenario, .environment = {"TERM=xterm", "NO_COLOR="}, .on_terminal = true})};
  EXPECT_EQ(terminal.wait(), 0);
  EXPECT_THAT(terminal.out(), HasSubstr("\x1b[1;32mpassed\x1b[0m"));

  CommandRun refused{{"run", "-"},
                     who({.input = scenario, .environment = {"TERM=xterm", "NO_COLOR=1"}, .on_terminal = true})};
  EXPECT_EQ(refused.wait(), 0);
  EXPECT_THAT(refused.out(), Not(HasSubstr("\x1b[")));

  CommandRun option{{"run", "-", "--no-color"},
                    who({.input = scenario, .environment = {"TERM=xterm", "NO_COLOR="}, .on_terminal = true})};
  EXPECT_EQ(option.wait(), 0);
  EXPECT_THAT(option.out(), Not(HasSubstr("\x1b[")));
}

}  // namespace
}  // namespace dummynet::test

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>

#include "dummynet/core/monitor.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {
namespace {

class Stop : public MonitorTest {
 protected:
  // A shell looks at its traps between commands and in `wait`, not while a command in the foreground runs.
  /// Starts a process that appends `word` to the log when it is asked to end; returns when it is able to.
  ProcessHandle start_polite(const std::string& word, RunOptions options, const std::string& before_it_ends = "") {
    const std::string line = "trap '" + before_it_ends + "echo " + word + " >> " + path("log") +
                             "; exit 0' TERM; sleep 1000 & echo up; wait";
    return start_up(line, std::move(options));
  }
  ProcessHandle start_deaf(RunOptions options) {
    return start_up("trap '' TERM; echo up; exec sleep 1000", std::move(options));
  }
  ProcessHandle start_up(const std::string& line, RunOptions options) {
    options.ready = Ready::log("^up$");
    const ProcessHandle process = monitor.run_process_async(line, options);
    monitor.wait_ready(process);
    return process;
  }
  std::string log() { return content(path("log")); }

  ProcessMonitor monitor;
};

TEST_F(Stop, EndsClientsBeforeDaemons) {
  start_polite("daemon", {.daemon = true});
  start_polite("client", {}, "sleep 0.1; ");
  start_polite("client", {}, "sleep 0.1; ");

  monitor.stop(true, 60s);

  EXPECT_EQ(log(), "client\nclient\ndaemon\n");
}

TEST_F(Stop, EndsDaemonsAtHalfTimeWhenClientsAreDeaf) {
  const ProcessHandle daemon = start_polite("daemon", {.daemon = true});
  const ProcessHandle client = start_deaf({});
  const auto begin = Clock::now();

  monitor.stop(true, 1s);

  EXPECT_EQ(log(), "daemon\n");
  EXPECT_GE(*daemon->info().end - begin, 500ms);
  EXPECT_GE(*client->info().end - begin, 1s);
  EXPECT_EQ(client->info().ending, (Ending{Killed{SIGKILL, false}}));
}

TEST_F(Stop, EndsDependentsBeforeWhatTheyDependOn) {
  const ProcessHandle base = start_polite("base", {.daemon = true});
  const ProcessHandle other = start_polite("other", {.daemon = true, .depends_on = {base}}, "sleep 0.05; ");
  start_polite("top", {.daemon = true, .depends_on = {other, base}}, "sleep 0.05; ");

  monitor.stop(true, 60s);

  EXPECT_EQ(log(), "top\nother\nbase\n");
}

TEST_F(Stop, GivesADeafDependentItsShareOfTheTimeOnly) {
  const ProcessHandle base = start_polite("base", {.daemon = true});
  const ProcessHandle top = start_deaf({.daemon = true, .depends_on = {base}});
  const auto begin = Clock::now();

  monitor.stop(true, 1s);

  EXPECT_EQ(log(), "base\n");
  EXPECT_GE(*top->info().end - begin, 1s);
  EXPECT_LT(*base->info().end, *top->info().end);
}

TEST_F(Stop, WaitsNoLongerThanItTakes) {
  start_polite("daemon", {.daemon = true});
  start_polite("client", {});

  monitor.stop(true, 1h);

  EXPECT_EQ(log(), "client\ndaemon\n");
}

TEST_F(Stop, KillsEverythingDeafTogetherInOneGrace) {
  RunOptions options;
  options.ready = Ready::log("^up$");
  std::vector<ProcessHandle> all;
  for (int i = 0; i < 50; ++i) {
    options.daemon = i % 2 == 0;
    all.push_back(monitor.run_process_async("trap '' TERM; echo up; exec sleep 1000", options));
  }
  for (const ProcessHandle& one : all) monitor.wait_ready(one);
  const auto begin = Clock::now();

  monitor.stop(true, 400ms);

  const auto took = Clock::now() - begin;
  EXPECT_GE(took, 400ms);
  EXPECT_LT(took, 10s) << "one after another it would be 20 s";
  for (const ProcessHandle& one : all) EXPECT_EQ(one->info().ending, (Ending{Killed{SIGKILL, false}}));
}

TEST_F(Stop, IsIdempotentAndTheMonitorCanBeUsedAgain) {
  monitor.stop();
  monitor.stop();
  monitor.run_process_async({"sleep", "1000"});
  monitor.stop();
  monitor.stop();

  EXPECT_FALSE(monitor.keep_running());
  EXPECT_EQ(monitor.run_process({"echo", "again"}).out.text(), "again\n");
  monitor.run_process_async({"sleep", "1000"});
  EXPECT_TRUE(monitor.keep_running(0ms));
  monitor.stop();
  EXPECT_FALSE(monitor.keep_running(0ms));
}

TEST_F(Stop, WhatItEndedIsNoFailure) {
  const ProcessHandle client = monitor.run_process_async({"sleep", "1000"});
  const ProcessHandle daemon = start_up("trap 'exit 3' TERM; sleep 1000 & echo up; wait", {.daemon = true});

  EXPECT_NO_THROW(monitor.stop());

  EXPECT_TRUE(client->info().stopped);
  EXPECT_EQ(client->info().ending, (Ending{Killed{SIGTERM, false}}));
  EXPECT_TRUE(daemon->info().stopped);
  EXPECT_EQ(daemon->info().exit_code(), 3);
  EXPECT_FALSE(monitor.keep_running());
}

TEST_F(Stop, ThrowsEarlierFailuresWhenEverythingIsStopped) {
  const ProcessHandle failed = monitor.run_process_async("echo why; exit 4", {.name = "failed"});
  monitor.run_process_async({"sleep", "1000"});
  ASSERT_TRUE(eventually([&] { return !failed->is_running(); }));

  const auto group = thrown<GroupError>([&] { monitor.stop(); });

  EXPECT_EQ(leftovers().processes(), "");
  ASSERT_EQ(group.errors().size(), 1U);
  EXPECT_EQ(group.find<RunInfoError>().at(0).info().name, "failed");
  EXPECT_FALSE(monitor.keep_running()) << "told once";
}

TEST_F(Stop, WithoutValidationTellsNoFailure) {
  const ProcessHandle failed = monitor.run_process_async("exit 4");
  ASSERT_TRUE(eventually([&] { return !failed->is_running(); }));

  EXPECT_NO_THROW(monitor.stop(false));

  EXPECT_FALSE(monitor.keep_running());
}

TEST_F(Stop, ATimeoutThatWasOverBeforeRemainsAFailure) {
  // A signal that is ignored by default: deaf from the first moment on.
  const ProcessHandle late =
      monitor.run_process_async({"sleep", "1000"}, {.timeout = 1ms, .stop_signal = SIGURG, .grace = 1h});
  serve_until(monitor, [&] { return late->info().timed_out; });

  const auto group = thrown<GroupError>([&] { monitor.stop(true, 50ms); });

  EXPECT_EQ(group.find<TimeoutError>().size(), 1U);
}

TEST_F(Stop, SendsTheStopSignalThatWasAskedFor) {
  const ProcessHandle process = start_up(
      "trap 'echo asked; exit 0' USR1; trap 'echo wrong' TERM; sleep 1000 & echo up; wait", {.stop_signal = SIGUSR1});

  monitor.stop(true, 60s);

  EXPECT_EQ(process->info().out.text(), "up\nasked\n");
}

TEST_F(Stop, ReachesTheWholeTreeWithItsSignal) {
  const ProcessHandle process = start_up("sh -c 'trap \"exit 0\" TERM; sleep 1000 & echo up; wait' & wait", {});

  monitor.stop(true, 1h);

  EXPECT_EQ(process->info().ending, (Ending{Killed{SIGTERM, false}}));
}

TEST_F(Stop, DeliversTheLastWords) {
  std::string heard;
  RunOptions options;
  options.on_output = [&](const OutputChunk& chunk) { heard += chunk.bytes; };
  const ProcessHandle process = start_polite("x", options, "echo good; echo bye; ");

  monitor.stop(true, 60s);

  EXPECT_EQ(process->info().out.text(), "up\ngood\nbye\n");
  EXPECT_EQ(heard, "up\ngood\nbye\n");
}

TEST_F(Stop, WithoutTimeKillsAtOnce) {
  const ProcessHandle client = start_deaf({});
  const ProcessHandle daemon = start_deaf({.daemon = true});

  monitor.stop(true, 0ms);

  EXPECT_FALSE(client->is_running());
  EXPECT_FALSE(daemon->is_running());
}

TEST_F(Stop, MayTakeForEverLikeEverythingElse) {
  constexpr auto kForEver = std::chrono::nanoseconds::max();
  Ready ready = Ready::log("^up$");
  ready.timeout = kForEver;
  const RunOptions options{.timeout = kForEver, .ready = ready, .grace = kForEver, .drain = kForEver};

  EXPECT_TRUE(monitor.run_process("(sleep 0.01; echo late) & echo up", options).succeeded());
  const ProcessHandle one = start_polite("one", options);
  start_polite("two", {.daemon = true, .timeout = kForEver});
  monitor.stop_process_async(one, kForEver);
  EXPECT_FALSE(monitor.keep_running(kForEver));
  monitor.stop(true, kForEver);

  EXPECT_EQ(log(), "one\ntwo\n");
}

class StopOne : public Stop {};

TEST_F(StopOne, LeavesAllOthersAlone) {
  const ProcessHandle one = monitor.run_process_async({"sleep", "1000"});
  const ProcessHandle other = monitor.run_process_async({"sleep", "1000"});

  monitor.stop_process_async(one);

  EXPECT_FALSE(one->is_running());
  EXPECT_TRUE(one->info().stopped);
  EXPECT_TRUE(other->is_running());
  EXPECT_TRUE(monitor.keep_running(0ms));
  other->stop();
  EXPECT_FALSE(other->is_running());
  EXPECT_FALSE(monitor.keep_running(0ms));
}

TEST_F(StopOne, KillsAtItsTimeout) {
  const ProcessHandle deaf = start_deaf({});
  const auto begin = Clock::now();

  monitor.stop_process_async(deaf, 100ms);

  EXPECT_GE(Clock::now() - begin, 100ms);
  EXPECT_EQ(deaf->info().ending, (Ending{Killed{SIGKILL, false}}));
}

TEST_F(StopOne, OfWhatHasEndedDoesNothing) {
  const ProcessHandle ended = monitor.run_process_async("exit 0");
  serve_to_the_end(monitor);

  monitor.stop_process_async(ended);
  ended->stop();

  EXPECT_FALSE(ended->info().stopped);
  EXPECT_EQ(ended->info().exit_code(), 0);
}

TEST_F(StopOne, RefusesAHandleOfAnotherMonitor) {
  ProcessMonitor other;
  const ProcessHandle stranger = other.run_process_async({"sleep", "1000"}, {.name = "stranger"});

  const auto error = thrown<std::invalid_argument>([&] { monitor.stop_process_async(stranger); });

  EXPECT_THAT(error.what(), testing::HasSubstr("stranger"));
  EXPECT_TRUE(stranger->is_running());
  EXPECT_THROW(monitor.stop_process_async(ProcessHandle{}), std::logic_error);
}

class Destructor : public EveryMonitorTest {};
INSTANTIATE_TEST_SUITE_P(Everywhere, Destructor, every_kind(), kind_name);

TEST_P(Destructor, KillsWithoutCallbacksAndWithoutThrowing) {
  int called = 0;
  std::vector<ProcessHandle> all;
  {
    ProcessMonitor monitor{options_for(GetParam())};
    RunOptions options;
    options.on_end = [&](const RunInfo&) { ++called; };
    options.on_output = [&](const OutputChunk&) { ++called; };
    for (int i = 0; i < 10; ++i) all.push_back(monitor.run_process_async("trap '' TERM; echo up; sleep 1000", options));
  }

  EXPECT_EQ(leftovers().processes(), "");
  EXPECT_EQ(called, 0);
  for (const ProcessHandle& one : all) {
    EXPECT_FALSE(one->is_running());
    EXPECT_TRUE(std::holds_alternative<Unknown>(*one->info().ending));
    EXPECT_FALSE(one->signal(SIGTERM));
    one->stop();
  }
}

TEST_P(Destructor, LeavesNothingWhileUnwinding) {
  EXPECT_THROW(
      {
        ProcessMonitor monitor{options_for(GetParam())};
        monitor.run_process_async("setsid sleep 1000 & sleep 1000", {.daemon = true});
        monitor.run_process("exit 1");
      },
      RunInfoError);

  EXPECT_EQ(leftovers().processes(), "");
}

// By the square of their number it would take minutes, and the fixture would find them alive.
TEST_F(Stop, EndsACrowdWithoutCgroups) {
  ProcessMonitor crowded{options_for(Kind::no_cgroup)};
  RunOptions options;
  options.daemon = true;
  options.await_start = false;
  options.out_file = options.err_file = "/dev/null";

  for (int i = 0; i < 4'000; ++i) crowded.run_process_async({"sleep", "1000"}, options);
  const ProcessHandle last = crowded.run_process_async({"sleep", "1000"}, {.daemon = true});

  EXPECT_TRUE(last->is_running());
  crowded.stop(true, kPatience);
}

}  // namespace
}  // namespace dummynet::test

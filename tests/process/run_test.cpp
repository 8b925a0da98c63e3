#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "dummynet/core/monitor.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {
namespace {

using testing::HasSubstr;

class RunProcess : public EveryMonitorTest {};
INSTANTIATE_TEST_SUITE_P(Everywhere, RunProcess, every_kind(), kind_name);

TEST_P(RunProcess, ReturnsHowItEndedAndWhatItPrinted) {
  ProcessMonitor monitor{options_for(GetParam())};

  const RunInfo info = monitor.run_process({"sh", "-c", "echo out; echo err >&2"});

  EXPECT_TRUE(info.succeeded());
  EXPECT_EQ(info.exit_code(), 0);
  EXPECT_EQ(info.out.text(), "out\n");
  EXPECT_EQ(info.err.text(), "err\n");
  EXPECT_FALSE(info.is_running());
  EXPECT_FALSE(info.timed_out);
  EXPECT_FALSE(info.stopped);
}

TEST_P(RunProcess, NonZeroEndIsARunInfoErrorWithTheEndOfItsOutput) {
  ProcessMonitor monitor{options_for(GetParam())};

  const auto error = thrown<RunInfoError>([&] { monitor.run_process("echo the last words >&2; exit 3"); });

  EXPECT_EQ(error.info().exit_code(), 3);
  EXPECT_EQ(error.info().err.text(), "the last words\n");
  EXPECT_THAT(error.what(), HasSubstr("exited with 3"));
  EXPECT_THAT(error.what(), HasSubstr("the last words"));
}

TEST_P(RunProcess, DeathBySignalIsARunInfoError) {
  ProcessMonitor monitor{options_for(GetParam())};

  const auto error = thrown<RunInfoError>([&] { monitor.run_process("kill -USR1 $$"); });

  EXPECT_EQ(error.info().ending, (Ending{Killed{SIGUSR1, false}}));
  EXPECT_THAT(error.what(), HasSubstr("was killed by SIGUSR1"));
}

TEST_P(RunProcess, TimeoutEndsItsWholeTree) {
  ProcessMonitor monitor{options_for(GetParam())};
  const auto begin = Clock::now();

  const auto error = thrown<TimeoutError>(
      [&] { monitor.run_process("echo begun; sleep 1000 & setsid sleep 1000 & sleep 1000", {.timeout = 200ms}); });

  EXPECT_GE(Clock::now() - begin, 200ms);
  EXPECT_TRUE(error.info().timed_out);
  EXPECT_FALSE(error.info().stopped);
  EXPECT_EQ(error.info().out.text(), "begun\n");
  EXPECT_THAT(error.what(), HasSubstr("timeout of 0.2s"));
  EXPECT_EQ(leftovers().processes(), "");
}

TEST_P(RunProcess, TimeoutKillsWhatIgnoresTheStopSignalAfterItsGrace) {
  ProcessMonitor monitor{options_for(GetParam())};
  const auto begin = Clock::now();

  const auto error = thrown<TimeoutError>([&] {
    monitor.run_process("sleep 1000 & sleep 1000", {.timeout = 100ms, .stop_signal = SIGURG, .grace = 100ms});
  });

  EXPECT_GE(Clock::now() - begin, 200ms);
  EXPECT_EQ(error.info().ending, (Ending{Killed{SIGKILL, false}}));
  EXPECT_EQ(leftovers().processes(), "");
}

class RunProcessBeside : public MonitorTest {};

TEST_F(RunProcessBeside, EndsAtOnceWithBothFactsWhenADaemonEnds) {
  ProcessMonitor monitor;
  const std::string begun = path("begun");
  monitor.run_process_async("until [ -e " + begun + " ]; do sleep 0.01; done; echo gone; exit 0",
                            {.name = "server", .daemon = true});

  const auto error =
      thrown<GroupError>([&] { monitor.run_process("touch " + begun + "; exec sleep 1000", {.name = "client"}); });

  const auto daemons = error.find<DaemonExitError>();
  const auto clients = error.find<RunInfoError>();
  ASSERT_EQ(error.errors().size(), 2U);
  ASSERT_EQ(daemons.size(), 1U);
  ASSERT_EQ(clients.size(), 1U);
  EXPECT_EQ(daemons[0].info().exit_code(), 0);
  EXPECT_EQ(daemons[0].info().out.text(), "gone\n");
  EXPECT_TRUE(clients[0].info().stopped);
  EXPECT_EQ(leftovers().processes(), "");
}

TEST_F(RunProcessBeside, TellsAnotherFailureTogetherWithItsOwnInStartOrder) {
  ProcessMonitor monitor;
  RunOptions options{.name = "first"};
  options.on_line = [&](const OutputLine&) { monitor.run_process_async("exit 9", {.name = "second"}); };

  const auto error = thrown<GroupError>([&] { monitor.run_process("echo; exec sleep 1000", options); });

  const auto all = error.find<RunInfoError>();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].info().name, "first");
  EXPECT_EQ(all[1].info().name, "second");
  EXPECT_EQ(all[1].info().exit_code(), 9);
}

TEST_F(RunProcessBeside, ServesAllOthersMeanwhile) {
  ProcessMonitor monitor;
  const std::string written = path("written");
  std::uint64_t bytes = 0;
  RunOptions options;
  options.on_output = [&](const OutputChunk& chunk) { bytes += chunk.bytes.size(); };
  monitor.run_process_async("head -c 1000000 /dev/zero && touch " + written, options);

  monitor.run_process("until [ -e " + written + " ]; do sleep 0.01; done");

  serve_to_the_end(monitor);
  EXPECT_EQ(bytes, 1'000'000U);
}

TEST_F(RunProcessBeside, LeavesDaemonsAlone) {
  ProcessMonitor monitor;
  const ProcessHandle daemon = monitor.run_process_async({"sleep", "1000"}, {.daemon = true});

  monitor.run_process({"true"});
  monitor.run_process({"true"});

  EXPECT_TRUE(daemon->is_running());
  EXPECT_FALSE(monitor.keep_running());
  monitor.stop();
}

TEST_F(RunProcessBeside, RefusesToWaitForADaemon) {
  ProcessMonitor monitor;

  const auto error = thrown<StartError>([&] { monitor.run_process({"true"}, {.daemon = true}); });

  EXPECT_EQ(error.step(), StartError::Step::argument);
}

TEST_F(RunProcessBeside, InheritsDirectoryAndEnvironmentAsTheyAreNow) {
  ProcessMonitor monitor;
  monitor.run_process({"true"});
  ::setenv("DUMMYNET_LATE", "set after the warden started", 1);
  const auto before = std::filesystem::current_path();
  const std::string folder = std::filesystem::path{path("x")}.parent_path();
  std::filesystem::current_path(folder);

  const RunInfo info = monitor.run_process("echo $DUMMYNET_LATE; pwd");

  std::filesystem::current_path(before);
  ::unsetenv("DUMMYNET_LATE");
  EXPECT_EQ(info.out.text(), "set after the warden started\n" + folder + '\n');
  EXPECT_EQ(info.cwd, folder);
}

}  // namespace
}  // namespace dummynet::test

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "dummynet/core/monitor.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {
namespace {

using testing::HasSubstr;

class KeepRunning : public MonitorTest {
 protected:
  std::string until(const std::string& file) { return "until [ -e " + path(file) + " ]; do sleep 0.01; done; "; }
  ProcessMonitor monitor;
};
class Daemon : public KeepRunning {};

TEST_F(KeepRunning, IsFalseWhenNothingWasEverStarted) {
  EXPECT_FALSE(monitor.keep_running());
  EXPECT_FALSE(monitor.keep_running(0ms));
}

TEST_F(KeepRunning, IsTrueWhileAClientRunsAndFalseFromItsEndOn) {
  monitor.run_process_async(until("go"));
  EXPECT_TRUE(monitor.keep_running(0ms));
  EXPECT_TRUE(monitor.keep_running(20ms));

  write_file(path("go"), "");
  serve_to_the_end(monitor);

  EXPECT_FALSE(monitor.keep_running(1h));
  EXPECT_FALSE(monitor.keep_running(0ms));
}

TEST_F(KeepRunning, ReturnsAsSoonAsTheLastClientEnds) {
  monitor.run_process_async({"true"});
  monitor.run_process_async({"sleep", "0.05"});

  EXPECT_FALSE(monitor.keep_running(1h));
}

TEST_F(KeepRunning, HasDeliveredAllOutputWhenItSaysFalse) {
  std::uint64_t bytes = 0;
  RunOptions options;
  options.on_output = [&](const OutputChunk& chunk) { bytes += chunk.bytes.size(); };
  const ProcessHandle process = monitor.run_process_async({"head", "-c", "300000", "/dev/zero"}, options);

  serve_to_the_end(monitor);

  EXPECT_EQ(bytes, 300'000U);
  EXPECT_EQ(process->info().out.text().size(), 300'000U);
}

TEST_F(KeepRunning, RefusesARunOfDaemonsOnly) {
  monitor.run_process_async({"sleep", "1000"}, {.daemon = true});
  EXPECT_THROW(monitor.keep_running(), NoProcessesError);
  EXPECT_THROW(monitor.keep_running(0ms), NoProcessesError);

  monitor.run_process_async({"true"});
  EXPECT_FALSE(monitor.keep_running(1h));

  monitor.stop();
  EXPECT_FALSE(monitor.keep_running());
  monitor.run_process_async({"sleep", "1000"}, {.daemon = true});
  EXPECT_THROW(monitor.keep_running(), NoProcessesError) << "what was before stop() does not count";
  monitor.stop();
}

TEST_F(KeepRunning, ThrowsAllFailuresInStartOrderAndEachOnce) {
  const std::string go = until("go");
  monitor.run_process_async(go + "echo one >&2; exit 1", {.name = "one"});
  monitor.run_process_async({"sleep", "1000"}, {.name = "two", .timeout = 1ms});
  monitor.run_process_async(go + "echo three; exit 0", {.name = "three", .daemon = true});
  monitor.run_process_async(go + "kill -9 $$", {.name = "four"});
  monitor.run_process_async({"sleep", "1000"}, {.name = "five"});
  write_file(path("go"), "");

  // They end at one time or another; together they are told in order, and none twice.
  std::vector<std::string> told;
  const auto deadline = Clock::now() + kPatience;
  while (told.size() < 4 && Clock::now() < deadline) {
    try {
      EXPECT_TRUE(monitor.keep_running());
    } catch (const GroupError& group) {
      std::vector<std::string> names;
      for (const ProcessError& one : group.find<ProcessError>()) names.push_back(one.info().name);
      EXPECT_EQ(names.size(), group.errors().size());
      told.insert(told.end(), names.begin(), names.end());
      if (!group.find<DaemonExitError>().empty()) {
        EXPECT_THAT(group.what(), HasSubstr("three"));
      }
    }
  }
  EXPECT_THAT(told, testing::UnorderedElementsAre("one", "two", "three", "four"));
  EXPECT_TRUE(monitor.keep_running(0ms));
  EXPECT_NO_THROW(monitor.stop());
}

TEST_F(KeepRunning, TellsWhatItFoundTogetherInStartOrder) {
  const std::string go = until("go");
  for (int i = 0; i < 8; ++i) {
    monitor.run_process_async(go + "echo the end of " + std::to_string(i) + "; exit 1", {.name = std::to_string(i)});
  }
  write_file(path("go"), "");

  std::size_t told = 0;
  while (told < 8) {
    const auto group = thrown<GroupError>([&] { serve_to_the_end(monitor); });
    std::vector<std::string> names;
    for (const auto& one : group.find<RunInfoError>()) {
      names.push_back(one.info().name);
      EXPECT_THAT(one.what(), HasSubstr("the end of " + one.info().name));
    }
    EXPECT_THAT(names, testing::WhenSorted(testing::ElementsAreArray(names)));
    told += names.size();
  }
  EXPECT_EQ(told, 8U);
  EXPECT_FALSE(monitor.keep_running(0ms));
}

TEST_F(KeepRunning, GoesOnAfterAFailureWasTold) {
  monitor.run_process_async("exit 1");
  monitor.run_process_async(until("go"));

  thrown<GroupError>([&] { serve_to_the_end(monitor); });

  EXPECT_TRUE(monitor.keep_running(0ms));
  write_file(path("go"), "");
  EXPECT_NO_THROW(serve_to_the_end(monitor));
}

TEST_F(KeepRunning, UsesNoCpuWhileNothingHappens) {
  monitor.run_process_async({"sleep", "1000"});
  const auto cpu_us = [] {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1'000'000 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
  };
  monitor.keep_running(1ms);
  const auto before = cpu_us();

  EXPECT_TRUE(monitor.keep_running(300ms));

  EXPECT_LT(cpu_us() - before, 30'000);
  monitor.stop();
}

TEST_F(Daemon, EndingByItselfIsAFailureWhateverItsExitCode) {
  monitor.run_process_async({"sleep", "1000"});
  monitor.run_process_async("echo bye", {.name = "server", .daemon = true});

  const auto group = thrown<GroupError>([&] { serve_to_the_end(monitor); });

  const auto errors = group.find<DaemonExitError>();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_TRUE(errors[0].info().daemon);
  EXPECT_EQ(errors[0].info().exit_code(), 0);
  EXPECT_THAT(errors[0].what(), HasSubstr("server"));
  EXPECT_THAT(errors[0].what(), HasSubstr("bye"));
  monitor.stop();
}

TEST_F(Daemon, EndingAfterTheLastClientIsStillAFailure) {
  monitor.run_process_async(until("go"), {.daemon = true});
  monitor.run_process({"true"});
  EXPECT_FALSE(monitor.keep_running(0ms));

  write_file(path("go"), "");
  const auto group = thrown<GroupError>([&] { serve_until(monitor, [] { return false; }); });

  EXPECT_EQ(group.find<DaemonExitError>().size(), 1U);
}

TEST_F(Daemon, ThatWeStoppedIsNoFailure) {
  const ProcessHandle one = monitor.run_process_async({"sleep", "1000"}, {.daemon = true});
  monitor.run_process_async({"sleep", "1000"}, {.daemon = true});
  monitor.run_process_async({"true"});

  monitor.stop_process_async(one);
  serve_to_the_end(monitor);
  monitor.stop();

  EXPECT_TRUE(one->info().stopped);
  EXPECT_EQ(one->info().ending, (Ending{Killed{SIGTERM, false}}));
}

TEST_F(Daemon, TimeoutIsATimeoutError) {
  monitor.run_process_async({"sleep", "1000"}, {.daemon = true, .timeout = 20ms});
  monitor.run_process_async({"sleep", "1000"});

  const auto group = thrown<GroupError>([&] { serve_to_the_end(monitor); });

  ASSERT_EQ(group.errors().size(), 1U);
  EXPECT_EQ(group.find<TimeoutError>().size(), 1U);
  monitor.stop();
}

}  // namespace
}  // namespace dummynet::test

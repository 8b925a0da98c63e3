#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dummynet/core/monitor.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {
namespace {

/// Another loop drives the monitor: it waits for fd(), and only then calls keep_running(0ms).
class ForeignLoop : public EveryMonitorTest {
 protected:
  /// False when the descriptor told of nothing for a minute, though something was to come.
  bool wait_for_news() { return becomes_readable(monitor.fd()); }
  void drive_to_the_end() {
    do {
      ASSERT_TRUE(wait_for_news()) << "something has happened, but fd() does not say so";
    } while (monitor.keep_running(0ms));
  }

  ProcessMonitor monitor{options_for(GetParam())};
};
INSTANTIATE_TEST_SUITE_P(Everywhere, ForeignLoop, every_kind(), kind_name);

TEST_P(ForeignLoop, HearsOfOutputAndEnd) {
  std::vector<std::string> lines;
  RunOptions options;
  options.on_line = [&](const OutputLine& line) { lines.emplace_back(line.text); };
  monitor.run_process_async("for i in 1 2 3; do echo $i; sleep 0.02; done", options);

  drive_to_the_end();

  EXPECT_THAT(lines, testing::ElementsAre("1", "2", "3"));
}

TEST_P(ForeignLoop, HearsOfDeadlines) {
  monitor.run_process_async({"sleep", "1000"}, {.timeout = 50ms});

  EXPECT_EQ(thrown<GroupError>([&] { drive_to_the_end(); }).find<TimeoutError>().size(), 1U);
}

TEST_P(ForeignLoop, HearsOfReadinessWithoutAnEvent) {
  bool ready = false;
  RunOptions options{.daemon = true, .ready = Ready::file(path("ready"))};
  options.on_ready = [&](const RunInfo&) { ready = true; };
  monitor.run_process_async("sleep 0.05; echo > " + path("ready") + "; exec sleep 1000", options);
  const ProcessHandle client = monitor.run_process_async({"sleep", "1000"});

  while (!ready) {
    ASSERT_TRUE(wait_for_news());
    monitor.keep_running(0ms);
  }
  monitor.stop();
}

TEST_P(ForeignLoop, MissesNothingThatCameWithSomethingElse) {
  // Questions to the warden (who listens, what is used) bring other news along: none may be left lying.
  Ready ready = Ready::listen(1);
  ready.timeout = 1h;
  monitor.run_process_async({"sleep", "1000"}, {.daemon = true, .ready = ready});
  std::size_t ended = 0;
  RunOptions options{.await_start = false};
  options.on_end = [&](const RunInfo&) { ++ended; };
  std::vector<ProcessHandle> all;
  for (int i = 0; i < 150; ++i) {
    all.push_back(monitor.run_process_async({"true"}, options));
    all[static_cast<std::size_t>(i) / 2]->info();
  }

  drive_to_the_end();

  EXPECT_EQ(ended, 150U);
  monitor.stop();
}

TEST_P(ForeignLoop, HearsOfWhatWasFoundMeanwhile) {
  bool told = false;
  RunOptions options;
  options.on_end = [&](const RunInfo&) { told = true; };
  const ProcessHandle process = monitor.run_process_async({"true"}, options);
  ASSERT_TRUE(eventually([&] { return !process->is_running(); }));
  EXPECT_FALSE(told) << "asking calls nobody back";

  drive_to_the_end();

  EXPECT_TRUE(told);
}

TEST_P(ForeignLoop, HearsOfRequestStop) {
  monitor.run_process_async({"sleep", "1000"});
  monitor.keep_running(0ms);

  monitor.request_stop();

  EXPECT_TRUE(wait_for_news());
  EXPECT_FALSE(monitor.keep_running(0ms));
  monitor.stop();
}

TEST_P(ForeignLoop, IsLeftAloneWhileNothingHappens) {
  monitor.run_process_async({"sleep", "1000"});
  while (becomes_readable(monitor.fd(), 50ms)) monitor.keep_running(0ms);

  EXPECT_FALSE(becomes_readable(monitor.fd(), 100ms));
  monitor.stop();
}

}  // namespace
}  // namespace dummynet::test

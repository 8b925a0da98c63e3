#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dummynet/core/monitor.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {
namespace {

/// Exit and output are two events: what a leader leaves behind may still write, for a while.
class Drain : public EveryMonitorTest {
 protected:
  ProcessMonitor monitor{options_for(GetParam())};
};
INSTANTIATE_TEST_SUITE_P(Everywhere, Drain, every_kind(), kind_name);

TEST_P(Drain, EndsWhatHoldsThePipeAndNamesIt) {
  const auto begin = Clock::now();

  const RunInfo info = monitor.run_process("setsid sleep 1000 & sleep 1000 & echo done");

  EXPECT_GE(Clock::now() - begin, 200ms);
  EXPECT_TRUE(info.succeeded());
  EXPECT_EQ(info.out.text(), "done\n");
  // On a busy machine setsid(1) may not have become sleep(1) when the time is up.
  EXPECT_THAT(info.leftovers, testing::UnorderedElementsAre(
                                  testing::Field(&Leftover::command, "sleep"),
                                  testing::Field(&Leftover::command, testing::AnyOf("sleep", "setsid", "sh"))));
  EXPECT_LT(*info.end - info.start, Clock::now() - begin - 190ms) << "the end is the leader's";
  EXPECT_EQ(leftovers().processes(), "");
}

TEST_P(Drain, IsAsLongAsWasAsked) {
  const RunInfo info = monitor.run_process("sleep 1000 & echo done", {.drain = 0ms});

  EXPECT_EQ(info.out.text(), "done\n");
  EXPECT_EQ(info.leftovers.size(), 1U);
}

TEST_P(Drain, LetsTheRestFinishByItself) {
  const RunInfo info = monitor.run_process("(sleep 0.1; echo late) & echo early", {.drain = 60s});

  EXPECT_EQ(info.out.text(), "early\nlate\n");
  EXPECT_TRUE(info.leftovers.empty());
}

TEST_P(Drain, BeginsAnewWithEachByte) {
  const RunInfo info =
      monitor.run_process("(for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.1; echo $i; done) & echo 0", {.drain = 1s});

  EXPECT_EQ(info.out.text(), "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n");
}

TEST_P(Drain, LeaveTreeLetsTheRestLiveUntilStop) {
  const std::string go = path("go");
  const std::string line = "setsid sh -c 'until [ -e " + go + " ]; do sleep 0.01; done; echo unheard; echo > " +
                           path("lives") + "; exec sleep 1000' & echo done";
  const RunInfo info = monitor.run_process(line, {.drain = 10ms, .leave_tree = true});

  EXPECT_TRUE(info.succeeded());
  EXPECT_EQ(info.out.text(), "done\n");
  EXPECT_TRUE(info.leftovers.empty());
  EXPECT_FALSE(monitor.keep_running(0ms)) << "its leader is gone";
  write_file(go, "");
  EXPECT_TRUE(eventually([&] { return !content(path("lives")).empty(); }));

  monitor.keep_running(0ms);
  monitor.stop();
  EXPECT_EQ(leftovers().processes(), "");
}

TEST_P(Drain, WhatWasLeftAloneMayEndByItself) {
  const std::string go = path("go");
  const std::string line = "(until [ -e " + go + " ]; do sleep 0.01; done; echo unheard) & echo done";
  monitor.run_process(line, {.drain = 0ms, .leave_tree = true});
  const ProcessHandle second = monitor.run_process_async(line, {.drain = 0ms, .leave_tree = true});
  serve_until(monitor, [&] { return !second->is_running() && !monitor.keep_running(0ms); });

  write_file(go, "");
  serve_until(monitor, [&] { return leftovers().processes().empty(); });

  EXPECT_FALSE(monitor.keep_running(0ms));
  EXPECT_EQ(second->info().out.text(), "done\n");
  second->stop();
  EXPECT_TRUE(monitor.run_process({"true"}).succeeded());
}

TEST_P(Drain, StoppingOneThatWasLeftAloneEndsItsTree) {
  const ProcessHandle process = monitor.run_process_async("sleep 1000 & true", {.drain = 0ms, .leave_tree = true});
  serve_to_the_end(monitor);
  EXPECT_TRUE(eventually([&] { return !leftovers().processes().empty(); }));

  process->stop();

  EXPECT_EQ(leftovers().processes(), "");
  EXPECT_FALSE(process->info().stopped) << "it had ended before";
}

}  // namespace
}  // namespace dummynet::test

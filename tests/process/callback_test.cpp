#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <stdexcept>
#include <utility>

#include "dummynet/core/monitor.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {
namespace {

using testing::ElementsAre;

class Callback : public MonitorTest {
 protected:
  RunOptions on_end(std::function<void(const RunInfo&)> call) {
    RunOptions options;
    options.on_end = std::move(call);
    return options;
  }
  ProcessMonitor monitor;
};

TEST_F(Callback, ComeInTheOrderOfTheirFacts) {
  std::vector<std::string> heard;
  RunOptions options;
  options.ready = Ready::log("ready");
  options.on_line = [&](const OutputLine& line) { heard.emplace_back(line.text); };
  options.on_ready = [&](const RunInfo& info) { heard.push_back(info.is_running() ? "on_ready" : "too late"); };
  options.on_end = [&](const RunInfo& info) { heard.push_back("on_end " + std::string{info.out.text()}); };
  const std::string go = path("go");
  const ProcessHandle process =
      monitor.run_process_async("echo ready; until [ -e " + go + " ]; do sleep 0.01; done; echo last", options);

  monitor.wait_ready(process);
  write_file(go, "");
  serve_to_the_end(monitor);

  EXPECT_THAT(heard, testing::UnorderedElementsAre("on_ready", "ready", "last", "on_end ready\nlast\n"));
  EXPECT_EQ(heard.back(), "on_end ready\nlast\n");
  EXPECT_EQ(heard[2], "last");
}

TEST_F(Callback, OnReadyComesOnceAndAtOnceWithoutACondition) {
  int ready = 0;
  RunOptions options;
  options.on_ready = [&](const RunInfo& info) {
    ++ready;
    EXPECT_TRUE(info.ready.has_value());
  };
  monitor.run_process_async({"sleep", "0.05"}, options);

  serve_to_the_end(monitor);

  EXPECT_EQ(ready, 1);
}

TEST_F(Callback, OnEndComesForFailuresToo) {
  std::vector<std::optional<int>> codes;
  monitor.run_process_async("exit 5", on_end([&](const RunInfo& info) { codes.push_back(info.exit_code()); }));

  EXPECT_THROW(serve_to_the_end(monitor), GroupError);

  EXPECT_THAT(codes, ElementsAre(5));
}

TEST_F(Callback, WhatItThrowsIsRethrownAndNothingIsLost) {
  std::string other_output;
  RunOptions throwing;
  throwing.on_output = [](const OutputChunk&) { throw std::domain_error{"from the callback"}; };
  RunOptions other;
  other.on_output = [&](const OutputChunk& chunk) { other_output += chunk.bytes; };
  const ProcessHandle thrower = monitor.run_process_async("echo word; exit 3", throwing);
  monitor.run_process_async("echo a; echo b", other);

  std::vector<std::string> seen;
  for (bool more = true; more;) {
    try {
      more = monitor.keep_running(kPatience);
    } catch (const std::domain_error& error) {
      seen.emplace_back(error.what());
    } catch (const GroupError& error) {
      seen.push_back(std::to_string(error.find<RunInfoError>().size()) + " failed");
    }
  }

  EXPECT_THAT(seen, ElementsAre("from the callback", "1 failed"));
  EXPECT_EQ(thrower->info().out.text(), "word\n");
  EXPECT_EQ(other_output, "a\nb\n");
}

TEST_F(Callback, WhatItThrowsComesOutOfRunProcessAndTheFailureIsToldLater) {
  EXPECT_THROW(monitor.run_process("exit 3", on_end([](const RunInfo&) { throw std::domain_error{"mine"}; })),
               std::domain_error);

  const auto group = thrown<GroupError>([&] { monitor.keep_running(); });
  EXPECT_EQ(group.find<RunInfoError>().at(0).info().exit_code(), 3);
}

TEST_F(Callback, WhatItThrowsEndsARunProcessThatGoesOn) {
  RunOptions options;
  options.on_output = [](const OutputChunk&) { throw std::domain_error{"mine"}; };

  EXPECT_THROW(monitor.run_process("echo; exec sleep 1000", options), std::domain_error);

  EXPECT_EQ(leftovers().processes(), "");
}

TEST_F(Callback, WhatItThrowsDuringStopComesAfterEverythingIsStopped) {
  const ProcessHandle failed = monitor.run_process_async("exit 4");
  monitor.run_process_async({"sleep", "1000"}, on_end([](const RunInfo&) { throw std::domain_error{"mine"}; }));
  monitor.run_process_async({"sleep", "1000"}, {.daemon = true});
  ASSERT_TRUE(eventually([&] { return !failed->is_running(); }));

  EXPECT_THROW(monitor.stop(), std::domain_error);

  EXPECT_EQ(leftovers().processes(), "");
  const auto group = thrown<GroupError>([&] { monitor.stop(); });
  EXPECT_EQ(group.find<RunInfoError>().size(), 1U);
}

TEST_F(Callback, MayStartProcesses) {
  std::vector<std::string> ended;
  std::function<void(const RunInfo&)> next = [&](const RunInfo& info) {
    ended.emplace_back(info.out.text());
    if (ended.size() < 4) monitor.run_process_async({"echo", std::to_string(ended.size())}, on_end(next));
  };
  monitor.run_process_async({"echo", "0"}, on_end(next));

  serve_to_the_end(monitor);

  EXPECT_THAT(ended, ElementsAre("0\n", "1\n", "2\n", "3\n"));
}

TEST_F(Callback, MayStopOthersAndItself) {
  const ProcessHandle one = monitor.run_process_async({"sleep", "1000"});
  const ProcessHandle two = monitor.run_process_async({"sleep", "1000"}, {.daemon = true});
  ProcessHandle self;
  RunOptions options;
  options.on_line = [&](const OutputLine&) {
    one->stop();
    monitor.stop_process_async(two);
    self->stop();
    EXPECT_FALSE(one->is_running());
    EXPECT_FALSE(two->is_running());
    EXPECT_FALSE(self->is_running());
  };
  self = monitor.run_process_async("echo go; exec sleep 1000", options);

  serve_to_the_end(monitor);

  EXPECT_TRUE(self->info().stopped);
  EXPECT_EQ(leftovers().processes(), "");
}

TEST_F(Callback, OfWhatWasStoppedInsideOneComeLater) {
  std::vector<std::string> heard;
  const ProcessHandle other =
      monitor.run_process_async({"sleep", "1000"}, on_end([&](const RunInfo&) { heard.emplace_back("other's end"); }));
  RunOptions options;
  options.on_line = [&](const OutputLine&) {
    other->stop();
    heard.emplace_back("stopped");
  };
  monitor.run_process_async("echo go", options);

  serve_to_the_end(monitor);

  EXPECT_THAT(heard, ElementsAre("stopped", "other's end"));
}

TEST_F(Callback, ReEntryIsALogicError) {
  int refused = 0;
  const auto expect_refusal = [&](const std::function<void()>& call) {
    try {
      call();
    } catch (const std::logic_error&) {
      ++refused;
    }
  };
  const ProcessHandle daemon = monitor.run_process_async({"sleep", "1000"}, {.daemon = true});
  monitor.run_process_async({"true"}, on_end([&](const RunInfo&) {
                              expect_refusal([&] { monitor.keep_running(); });
                              expect_refusal([&] { monitor.keep_running(0ms); });
                              expect_refusal([&] { monitor.stop(); });
                              expect_refusal([&] { monitor.run_process({"true"}); });
                              expect_refusal([&] { monitor.wait_ready(daemon); });
                            }));

  serve_to_the_end(monitor);

  EXPECT_EQ(refused, 5);
  EXPECT_TRUE(daemon->is_running());
  monitor.stop();
}

TEST_F(Callback, RequestStopEndsKeepRunning) {
  RunOptions options;
  options.on_line = [&](const OutputLine&) { monitor.request_stop(); };
  monitor.run_process_async("echo stop; exec sleep 1000", options);

  EXPECT_FALSE(monitor.keep_running(kPatience));
  EXPECT_TRUE(monitor.stop_requested());
  EXPECT_FALSE(monitor.keep_running(kPatience));

  monitor.stop();
  EXPECT_FALSE(monitor.stop_requested());
  monitor.run_process_async({"sleep", "1000"});
  EXPECT_TRUE(monitor.keep_running(0ms));
}

TEST_F(Callback, RequestStopEndsRunProcessWithItsProcessStopped) {
  RunOptions options;
  options.on_line = [&](const OutputLine&) { monitor.request_stop(); };

  const RunInfo info = monitor.run_process("echo stop; exec sleep 1000", options);

  EXPECT_TRUE(info.stopped);
  EXPECT_EQ(leftovers().processes(), "");
  monitor.stop();
}

TEST_F(Callback, CannotStartWhileTheMonitorStops) {
  std::optional<StartError> refusal;
  std::function<void(const RunInfo&)> respawn = [&](const RunInfo&) {
    try {
      monitor.run_process_async({"sleep", "1000"}, on_end(respawn));
    } catch (const StartError& error) {
      refusal = error;
    }
  };
  monitor.run_process_async({"sleep", "1000"}, on_end(respawn));

  monitor.stop(true, 200ms);

  EXPECT_EQ(leftovers().processes(), "");
  ASSERT_TRUE(refusal.has_value());
  EXPECT_THAT(refusal->what(), testing::HasSubstr("stopped"));
  EXPECT_EQ(monitor.run_process({"echo", "again"}).out.text(), "again\n");
}

TEST_F(Callback, OfThePollerMayDoAllThat) {
  ProcessHandle started;
  monitor.poller().add_deadline(Clock::now(), [&] { started = monitor.run_process_async({"echo", "late"}); });
  monitor.run_process_async({"sleep", "0.1"});

  serve_to_the_end(monitor);

  ASSERT_TRUE(started);
  EXPECT_EQ(started->info().out.text(), "late\n");
}

TEST_F(Callback, QuestionsInsideOneAreFine) {
  int asked = 0;
  const ProcessHandle other = monitor.run_process_async({"sleep", "1000"});
  RunOptions options;
  options.on_line = [&](const OutputLine&) {
    ++asked;
    EXPECT_TRUE(other->is_running());
    EXPECT_TRUE(other->info().is_running());
    EXPECT_EQ(other->info().out.text(), "");
  };
  monitor.run_process_async("for i in 1 2 3; do echo $i; done", options);

  serve_until(monitor, [&] { return asked == 3; });
  monitor.stop();
}

TEST_F(Callback, LookingAroundInsideOneDisturbsNoOutput) {
  std::string expected;
  for (int i = 1; i <= 30'000; ++i) expected += std::to_string(i) + '\n';
  std::vector<ProcessHandle> all;
  std::array<std::string, 2> chunks;
  std::array<std::string, 2> lines;
  int heard = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto look = [&] {
      if (++heard % 100 != 0) return;
      for (const ProcessHandle& one : all) static_cast<void>(one->is_running());
    };
    RunOptions options;
    options.on_output = [&, i, look](const OutputChunk& chunk) {
      const std::string before{chunk.bytes};
      look();
      EXPECT_EQ(chunk.bytes, before);
      chunks[i] += before;
    };
    options.on_line = [&, i, look](const OutputLine& line) {
      look();
      lines[i] += line.text;
      lines[i] += '\n';
    };
    options.on_end = [&, i](const RunInfo&) { EXPECT_TRUE(lines[i] == expected); };
    all.push_back(monitor.run_process_async("seq 10000; seq 10001 20000; seq 20001 30000", options));
  }

  serve_to_the_end(monitor);

  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(chunks[i] == expected);
    EXPECT_TRUE(lines[i] == expected);
    EXPECT_TRUE(all[i]->info().out.text() == expected);
  }
}

TEST_F(Callback, MayEndItsOwnProcessOfWhichNobodyHasAHandle) {
  ProcessHandle self;
  std::string heard;
  RunOptions options;
  options.on_line = [&](const OutputLine& line) {
    heard += line.text;
    if (line.text == "2") std::exchange(self, ProcessHandle{})->stop();
  };
  options.on_end = [&](const RunInfo& info) { heard += info.stopped ? " stopped" : " ended"; };
  self = monitor.run_process_async("echo 1; echo 2; echo 3; exec sleep 1000", options);

  serve_to_the_end(monitor);

  EXPECT_THAT(heard, testing::AnyOf("123 stopped", "12 stopped"));
}

}  // namespace
}  // namespace dummynet::test

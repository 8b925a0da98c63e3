#include "dummynet/core/error.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "support/captured.hpp"

namespace dummynet {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::captured;

RunInfo ended(Ending ending, std::chrono::nanoseconds after) {
  RunInfo info;
  info.name = "client";
  info.command = std::vector<std::string>{"iperf3", "-c", "server"};
  info.ending = std::move(ending);
  info.end = info.start + after;
  return info;
}

TEST(RunInfoError, SaysWhoHowAndWhen) {
  EXPECT_EQ(RunInfoError{ended(Exited{1}, 520ms)}.what(), "client (iperf3 -c server) exited with 1 after 0.52s"s);
  EXPECT_EQ((RunInfoError{ended(Killed{SIGKILL}, 2ms)}.what()),
            "client (iperf3 -c server) was killed by SIGKILL after 2.0ms"s);
}

TEST(RunInfoError, ShowsTheEndOfBothStreams) {
  RunInfo info = ended(Exited{1}, 1s);
  info.err = captured("iperf3: error\n");
  for (int line = 1; line <= 12; ++line)
    info.out = captured(std::string{info.out.text()} + std::to_string(line) + '\n');

  EXPECT_EQ(RunInfoError{info}.what(),
            "client (iperf3 -c server) exited with 1 after 1.00s\n"
            "  stderr:\n    iperf3: error\n"
            "  stdout (its end):\n    3\n    4\n    5\n    6\n    7\n    8\n    9\n    10\n    11\n    12"s);
}

TEST(RunInfoError, NamesWhatWasLeftOfTheTree) {
  RunInfo info = ended(Exited{1}, 1s);
  info.leftovers = {{.pid = 12, .command = "sleep"}, {.pid = 13, .command = "cat"}};

  EXPECT_EQ(RunInfoError{info}.what(),
            "client (iperf3 -c server) exited with 1 after 1.00s\n"
            "  left of its tree and killed: sleep (pid 12), cat (pid 13)"s);
}

TEST(RunInfoError, NamesAProcessOnceWhenItHasNoOtherName) {
  RunInfo info = ended(Exited{1}, 1s);
  info.command = std::vector<std::string>{"client"};

  EXPECT_EQ(RunInfoError{info}.what(), "client exited with 1 after 1.00s"s);
}

TEST(RunInfoError, ShortensAnEndlessCommandBetweenCharacters) {
  RunInfo info = ended(Exited{1}, 1s);
  info.command = std::string(199, 'x') + "äää";

  EXPECT_EQ(subject(info), "client (" + std::string(199, 'x') + "…)");
}

TEST(DaemonExitError, SaysThatItEndedByItself) {
  RunInfo info = ended(Exited{0}, 1200ms);
  info.name = "server";
  info.daemon = true;

  EXPECT_EQ(DaemonExitError{info}.what(),
            "daemon server (iperf3 -c server) ended by itself: exited with 0 after 1.20s"s);
}

TEST(TimeoutError, GoesOnFromTheName) {
  RunInfo info = ended(Killed{SIGTERM}, 2s);
  info.out = captured("half");

  EXPECT_EQ((TimeoutError{"ran longer than its timeout of 2s", info}.what()),
            "client (iperf3 -c server) ran longer than its timeout of 2s\n  stdout:\n    half"s);
}

TEST(StartError, NamesStepObjectAndReason) {
  const StartError missing{StartError::Step::execute, "nosuch", ENOENT, "nosuch -x",
                           "its interpreter /nope is missing"};

  EXPECT_EQ(missing.what(),
            "cannot start nosuch -x: execute nosuch: No such file or directory (its interpreter /nope is missing)"s);
  EXPECT_EQ(missing.step(), StartError::Step::execute);
  EXPECT_EQ(missing.object(), "nosuch");
  EXPECT_EQ(missing.error_number(), ENOENT);
}

TEST(StartError, NeedsNoErrorNumber) {
  const StartError empty{StartError::Step::argument, "", 0, "", "the command is empty"};

  EXPECT_EQ(empty.what(), "cannot start '': check the request: the command is empty"s);
}

TEST(GroupError, ListsAllThatHappened) {
  RunInfo failed = ended(Exited{1}, 1s);
  failed.err = captured("no route\n");
  const GroupError group{{std::make_exception_ptr(RunInfoError{failed}), std::make_exception_ptr(NoProcessesError{})}};

  EXPECT_EQ(group.what(),
            "2 failures:\n"
            "1. client (iperf3 -c server) exited with 1 after 1.00s\n     stderr:\n       no route\n"
            "2. only daemons were started: such a run would never end"s);
}

TEST(GroupError, FindsItsErrorsByTypeAndBaseType) {
  const GroupError group{{std::make_exception_ptr(RunInfoError{ended(Exited{1}, 1s)}),
                          std::make_exception_ptr(DaemonExitError{ended(Exited{2}, 1s)}), std::make_exception_ptr(42)}};

  EXPECT_EQ(group.find<RunInfoError>().size(), 1U);
  ASSERT_EQ(group.find<ProcessError>().size(), 2U);
  EXPECT_EQ(group.find<ProcessError>()[1].info().exit_code(), 2);
  EXPECT_TRUE(group.find<TimeoutError>().empty());
}

TEST(Describe, TakesAnyException) {
  EXPECT_EQ(describe(std::make_exception_ptr(std::runtime_error{"x"})), "x");
  EXPECT_EQ(describe(std::make_exception_ptr(42)), "an exception of an unknown type");
  EXPECT_EQ(describe(nullptr), "no error");
}

}  // namespace
}  // namespace dummynet

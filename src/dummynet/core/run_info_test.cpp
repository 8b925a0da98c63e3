#include "dummynet/core/run_info.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "dummynet/core/error.hpp"
#include "support/captured.hpp"

namespace dummynet {
namespace {

using namespace std::string_literals;
using test::captured;

RunInfo printed(std::string bytes) {
  RunInfo info;
  info.name = "client";
  info.command = std::vector<std::string>{"echo"};
  info.out = captured(std::move(bytes));
  return info;
}

TEST(Ending, IsToldInWords) {
  EXPECT_EQ(to_string(Ending{Exited{3}}), "exited with 3");
  EXPECT_EQ(to_string(Ending{Killed{SIGSEGV, true}}), "killed by SIGSEGV (core dumped)");
  EXPECT_EQ(to_string(Ending{Killed{SIGRTMIN + 2, false}}), "killed by SIGRTMIN+2");
  EXPECT_EQ(to_string(Ending{Unknown{"its warden was killed"}}), "ended in an unknown way: its warden was killed");
}

TEST(CapturedText, GivesItsLastLines) {
  EXPECT_EQ(captured("").last_lines(2), "");
  EXPECT_EQ(captured("a").last_lines(2), "a");
  EXPECT_EQ(captured("a\nb\nc\n").last_lines(2), "b\nc");
  EXPECT_EQ(captured("a\nb\nc").last_lines(2), "b\nc");
  EXPECT_EQ(captured("a\nb\nc").last_lines(9), "a\nb\nc");
  EXPECT_EQ(captured("a\n\n\n").last_lines(2), "\n");
  EXPECT_EQ(captured("\n\nb").last_lines(2), "\nb");
  EXPECT_EQ(captured("a\nb").last_lines(0), "");
}

TEST(CapturedText, LimitsItsLastLinesInBytesWithoutCuttingACharacter) {
  EXPECT_EQ(captured("abcdef").last_lines(1, 3), "def");
  EXPECT_EQ(captured("aäöü").last_lines(1, 3), "ü");
}

TEST(CapturedText, TakesItsLastLinesFromBehindWhatWasDropped) {
  const CapturedText captured{std::make_shared<const std::string>("head\nhetail\nend\n"), 7, 100};

  EXPECT_EQ(captured.last_lines(9), "tail\nend");
  EXPECT_EQ(captured.total_bytes(), 116U);
}

TEST(Match, HoldsThePatternAgainstSingleLines) {
  const RunInfo info = printed("one\ntwo words\n");

  EXPECT_TRUE(info.matches({.out = "one"}));
  EXPECT_TRUE(info.matches({.out = "t?o*"}));
  EXPECT_TRUE(info.matches({.out = "*w[a-p]rds"}));
  EXPECT_FALSE(info.matches({.out = "on"}));
  EXPECT_FALSE(info.matches({.out = "one*two*"}));
  EXPECT_FALSE(info.matches({.out = ""}));
}

TEST(Match, IgnoresLineEndsOfBothKinds) { EXPECT_TRUE(printed("one\r\ntwo\r").matches({.out = "one"})); }

TEST(Match, FindsAnEmptyLine) { EXPECT_TRUE(printed("a\n\nb\n").matches({.out = ""})); }

TEST(Match, FindsNoLineInNoOutput) { EXPECT_FALSE(printed("").matches({.out = "*"})); }

TEST(Match, SeesBehindANul) { EXPECT_TRUE(printed("a\0b"s).matches({.out = "a?b"})); }

TEST(Match, DoesNotJoinWhatWasNeverALine) {
  RunInfo info = printed("");
  info.out = CapturedText{std::make_shared<const std::string>("xx\nabcd\nyy"), 5, 100};

  EXPECT_FALSE(info.matches({.out = "abcd"}));
  EXPECT_TRUE(info.matches({.out = "xx"}));
  EXPECT_TRUE(info.matches({.out = "yy"}));
}

TEST(Match, AsksBothStreams) {
  RunInfo info = printed("one\n");
  info.err = captured("two\n");

  EXPECT_TRUE(info.matches({.out = "one", .err = "two"}));
  EXPECT_FALSE(info.matches({.out = "one", .err = "one"}));
}

TEST(Match, AsADemandShowsPatternAndOutput) {
  const RunInfo info = printed("one\ntwo\n");

  EXPECT_NO_THROW(info.match({.out = "one"}));
  try {
    info.match({.out = "three*"});
    FAIL() << "nothing matches";
  } catch (const MatchError& error) {
    EXPECT_EQ(error.what(), "client (echo): no line of standard output matches 'three*'\n  stdout:\n    one\n    two"s);
    EXPECT_EQ(error.info().out, info.out);
  }
}

TEST(RunInfo, SucceedsOnlyByExitingWithZeroInTime) {
  RunInfo info;
  EXPECT_FALSE(info.succeeded());
  EXPECT_EQ(info.exit_code(), std::nullopt);
  info.ending = Exited{0};
  EXPECT_TRUE(info.succeeded());
  info.timed_out = true;
  EXPECT_FALSE(info.succeeded());
  info.ending = Killed{SIGKILL, false};
  EXPECT_EQ(info.exit_code(), std::nullopt);
}

}  // namespace
}  // namespace dummynet

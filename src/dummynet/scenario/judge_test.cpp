#include "dummynet/scenario/judge.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <memory>

namespace dummynet::scenario {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

CapturedText text(const std::string& content) {
  return {std::make_shared<const std::string>(content), content.size(), 0};
}

PlannedProcess client() {
  PlannedProcess process;
  process.name = "client";
  process.node = "left";
  return process;
}

PlannedProcess daemon_with_readiness() {
  PlannedProcess process;
  process.name = "server";
  process.daemon = true;
  process.ready = Ready::listen(5201);
  process.ready->timeout = 3s;
  return process;
}

RunInfo ended(Ending ending, std::chrono::nanoseconds lifetime = 2s) {
  RunInfo info;
  info.command = Command({"program"});
  info.ending = std::move(ending);
  info.start = Clock::time_point{10s};
  info.end = info.start + lifetime;
  return info;
}

TEST(Judge, FindsNothingWrongWithTheExpectedEnding) {
  EXPECT_FALSE(judge_ending(client(), ended(Exited{0})));
  PlannedProcess process = client();
  process.exit_code = 3;
  EXPECT_FALSE(judge_ending(process, ended(Exited{3})));
  process.signal = SIGTERM;
  EXPECT_FALSE(judge_ending(process, ended(Killed{SIGTERM})));
}

TEST(Judge, NamesAnotherEndingAndWhatWasExpected) {
  const auto cause = judge_ending(client(), ended(Exited{3}));
  ASSERT_TRUE(cause);
  EXPECT_EQ(cause->kind, Cause::Kind::unexpected_ending);
  EXPECT_EQ(cause->process, "client");
  EXPECT_EQ(cause->node, "left");
  EXPECT_EQ(cause->text, "client exited with 3 after 2s; it was expected to exit with 0");

  PlannedProcess process = client();
  process.signal = SIGTERM;
  EXPECT_EQ(judge_ending(process, ended(Exited{0}))->text,
            "client exited with 0 after 2s; it was expected to be killed by SIGTERM");
  EXPECT_THAT(judge_ending(client(), ended(Killed{SIGSEGV, true}))->text,
              HasSubstr("killed by SIGSEGV (core dumped) after 2s"));
}

TEST(Judge, NeverBlamesWhatWeStopped) {
  RunInfo info = ended(Killed{SIGTERM});
  info.stopped = true;
  EXPECT_FALSE(judge_ending(client(), info));
  EXPECT_FALSE(judge_ending(daemon_with_readiness(), info));
}

TEST(Judge, BlamesADaemonForAnyEnding) {
  RunInfo info = ended(Exited{0});
  info.ready = info.start + 1s;
  const auto cause = judge_ending(daemon_with_readiness(), info);
  ASSERT_TRUE(cause);
  EXPECT_EQ(cause->kind, Cause::Kind::daemon_ended);
  EXPECT_EQ(cause->text, "the daemon server exited with 0 after 2s, while it should have kept running");
}

TEST(Judge, TellsTimeoutsApart) {
  PlannedProcess process = client();
  process.timeout = 2s;
  RunInfo info = ended(Killed{SIGTERM});
  info.timed_out = true;
  EXPECT_EQ(judge_ending(process, info)->kind, Cause::Kind::process_timeout);
  EXPECT_EQ(judge_ending(process, info)->text, "client ran longer than its timeout of 2s");

  const auto late = judge_ending(daemon_with_readiness(), ended(Killed{SIGTERM}, 3s));
  EXPECT_EQ(late->kind, Cause::Kind::never_ready);
  EXPECT_EQ(late->text, "server was not ready within 3s; it was waited for tcp port 5201 to listen");

  const auto early = judge_ending(daemon_with_readiness(), ended(Exited{1}, 1s));
  EXPECT_EQ(early->kind, Cause::Kind::never_ready);
  EXPECT_EQ(early->text,
            "server exited with 1 after 1s, before it was ready; it was waited for tcp port 5201 to listen");
}

TEST(Judge, DoesNotPretendToKnow) {
  const auto cause = judge_ending(client(), ended(Unknown{"the warden was killed"}));
  EXPECT_EQ(cause->kind, Cause::Kind::ending_unknown);
  EXPECT_EQ(verdict_of(cause->kind), Verdict::inconclusive);
  EXPECT_THAT(cause->text, HasSubstr("the warden was killed"));
}

TEST(Judge, ShowsStandardErrorOrElseStandardOutput) {
  RunInfo info = ended(Exited{1});
  info.out = text("said\n");
  EXPECT_THAT(judge_ending(client(), info)->last_lines, HasSubstr("said"));
  info.err = text("cried\n");
  EXPECT_THAT(judge_ending(client(), info)->last_lines, HasSubstr("cried"));
  info.err = text("\n\n");
  EXPECT_THAT(judge_ending(client(), info)->last_lines, HasSubstr("said"));
}

TEST(Judge, LooksForTheExpectedLines) {
  PlannedProcess process = client();
  process.out_pattern = "*ok*";
  process.err_pattern = "warn*";
  RunInfo info = ended(Exited{0});
  info.out = text("all ok now\n");
  info.err = text("warning\n");
  EXPECT_FALSE(judge_output(process, info));

  info.err = {};
  EXPECT_EQ(judge_output(process, info)->text, "no line of client's standard error matches `warn*`; it is empty");
  info.out = text("no\n");
  EXPECT_EQ(judge_output(process, info)->kind, Cause::Kind::unexpected_output);
  EXPECT_EQ(judge_output(process, info)->text, "no line of client's standard output matches `*ok*`");
  EXPECT_THAT(judge_output(process, info)->last_lines, HasSubstr("no"));
}

TEST(Judge, ExplainsTheShellsOwnCodes) {
  RunInfo info = ended(Exited{127});
  info.command = Command("nothing-of-this-name");
  EXPECT_EQ(describe_ending(info), "exited with 127 (the shell did not find a program)");
  info.command = Command({"program"});
  EXPECT_EQ(describe_ending(info), "exited with 127");
}

}  // namespace
}  // namespace dummynet::scenario

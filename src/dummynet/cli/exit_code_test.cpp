#include "dummynet/cli/exit_code.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace dummynet::cli {
namespace {

using scenario::ProcessResult;
using scenario::RunResult;
using scenario::Verdict;

RunResult result_of(Verdict verdict, std::optional<Ending> ending = std::nullopt) {
  RunResult result;
  result.verdict = verdict;
  ProcessResult process;
  process.name = "client";
  process.info.emplace();
  process.info->ending = std::move(ending);
  result.processes.push_back(process);
  return result;
}

TEST(ExitCode, FollowsTheVerdict) {
  EXPECT_EQ(exit_code_of(result_of(Verdict::passed)), 0);
  EXPECT_EQ(exit_code_of(result_of(Verdict::failed)), 1);
  EXPECT_EQ(exit_code_of(result_of(Verdict::error)), 3);
  EXPECT_EQ(exit_code_of(result_of(Verdict::inconclusive)), 4);
  RunResult interrupted = result_of(Verdict::interrupted);
  interrupted.signal = SIGINT;
  EXPECT_EQ(exit_code_of(interrupted), 130);
}

TEST(ExitCode, MayBeThatOfAProcess) {
  EXPECT_EQ(exit_code_from(result_of(Verdict::failed, Exited{42}), "client"), 42);
  EXPECT_EQ(exit_code_from(result_of(Verdict::passed, Exited{42}), "client"), 42);
  EXPECT_EQ(exit_code_from(result_of(Verdict::failed, Killed{SIGKILL, false}), "client"), 137);
}

TEST(ExitCode, OfAProcessNeverHidesAFailure) {
  EXPECT_EQ(exit_code_from(result_of(Verdict::failed, Exited{0}), "client"), 1);
  EXPECT_EQ(exit_code_from(result_of(Verdict::failed), "client"), 1);
  EXPECT_EQ(exit_code_from(result_of(Verdict::failed, Exited{42}), "another"), 1);
  EXPECT_EQ(exit_code_from(result_of(Verdict::inconclusive, Unknown{"lost"}), "client"), 4);
}

}  // namespace
}  // namespace dummynet::cli

#include "dummynet/scenario/run_list.hpp"

#include <gmock/gmock.h>

namespace dummynet::scenario {
namespace {

using testing::HasSubstr;

RunFacts run(const std::string& scenario, const std::string& stamp, pid_t pid) {
  RunFacts facts;
  facts.scenario = scenario;
  facts.pid = pid;
  facts.run = scenario + '-' + stamp + '-' + std::to_string(pid);
  return facts;
}

const std::vector<RunFacts> kRuns{run("two-hosts", "20260101T000000Z", 17), run("two-hosts", "20260101T000001Z", 18),
                                  run("web", "20260101T000002Z", 170)};

TEST(ChooseRun, TakesNameBeginningOrPid) {
  EXPECT_EQ(choose_run("two-hosts-20260101T000001Z-18", kRuns).index, 1U);
  EXPECT_EQ(choose_run("two-hosts-20260101T000001", kRuns).index, 1U);
  EXPECT_EQ(choose_run("w", kRuns).index, 2U);
  EXPECT_EQ(choose_run("17", kRuns).index, 0U);
  for (const char* good : {"w", "17", "two-hosts-20260101T000001Z-18"})
    EXPECT_EQ(choose_run(good, kRuns).complaint, "");
}

TEST(ChooseRun, TakesTheOnlyOne) {
  EXPECT_EQ(choose_run("-", std::span{kRuns}.first(1)).complaint, "");
  EXPECT_THAT(choose_run("-", kRuns).complaint, HasSubstr("there are 3 runs: two-hosts-20260101T000000Z-17, "));
}

TEST(ChooseRun, TellsWhatCouldBeMeant) {
  EXPECT_EQ(choose_run("two", kRuns).complaint,
            "`two` may be any of two-hosts-20260101T000000Z-17 and two-hosts-20260101T000001Z-18");
  EXPECT_EQ(choose_run("wbe", kRuns).complaint, "there is no run `wbe`; did you mean `web`?");
  EXPECT_EQ(choose_run("zzz", kRuns).complaint, "there is no run `zzz`; see `dummynet list`");
  EXPECT_EQ(choose_run("", kRuns).complaint, "there is no run ``; see `dummynet list`");
  EXPECT_EQ(choose_run("x", {}).complaint, "nothing is running");
}

}  // namespace
}  // namespace dummynet::scenario

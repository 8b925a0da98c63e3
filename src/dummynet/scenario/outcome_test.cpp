#include "dummynet/scenario/outcome.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace dummynet::scenario {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

Cause cause(Cause::Kind kind, std::chrono::nanoseconds at) {
  Cause result;
  result.kind = kind;
  result.at = at;
  return result;
}

ProcessResult process(const std::string& name, bool daemon, Ending ending, bool stopped,
                      std::chrono::nanoseconds lifetime) {
  ProcessResult result;
  result.name = name;
  result.daemon = daemon;
  result.info.emplace();
  result.info->ending = std::move(ending);
  result.info->stopped = stopped;
  result.info->start = Clock::time_point{10s};
  result.info->end = result.info->start + lifetime;
  return result;
}

TEST(Outcome, TakesTheEarliestFailureAsTheCause) {
  const std::vector<Cause> causes{cause(Cause::Kind::process_timeout, 3s), cause(Cause::Kind::unexpected_ending, 2s)};
  EXPECT_EQ(choose_cause(causes).at, 2s);
}

TEST(Outcome, BlamesADaemonThatEndedAtAboutTheSameTime) {
  const Cause client = cause(Cause::Kind::unexpected_ending, 2s);
  EXPECT_EQ(choose_cause({client, cause(Cause::Kind::daemon_ended, 2s + 5ms)}).kind, Cause::Kind::daemon_ended);
  EXPECT_EQ(choose_cause({client, cause(Cause::Kind::daemon_ended, 2s + 11ms)}).kind, Cause::Kind::unexpected_ending);
  EXPECT_EQ(choose_cause({cause(Cause::Kind::daemon_ended, 2s + 1ms), cause(Cause::Kind::daemon_ended, 2s)}).at, 2s);
}

TEST(Outcome, BlamesTheEnginesEndForAllThatFailed) {
  const Cause client = cause(Cause::Kind::unexpected_ending, 2s);
  EXPECT_EQ(choose_cause({client, cause(Cause::Kind::engine_ended, 3s)}).kind, Cause::Kind::engine_ended);
}

TEST(Outcome, ListsWhatFollowed) {
  Plan plan;
  for (const char* name : {"server", "client", "other", "late"}) {
    plan.processes.emplace_back();
    plan.processes.back().name = name;
  }
  std::vector<ProcessResult> processes{process("server", true, Exited{1}, false, 1s),
                                       process("client", false, Exited{2}, false, 1s),
                                       process("other", false, Killed{SIGTERM, false}, true, 1500ms)};
  processes.emplace_back();
  processes.back().name = "late";
  Cause of_server = cause(Cause::Kind::daemon_ended, 1s);
  of_server.process = "server";

  EXPECT_THAT(find_consequences(plan, processes, of_server),
              ElementsAre("client exited with 2 after 1s; it was expected to exit with 0",
                          "other was stopped after 1.5s", "late was never started"));
}

TEST(Outcome, DescribesSuccess) {
  const ProcessResult server = process("server", true, Killed{SIGTERM, false}, true, 6s);
  const ProcessResult client = process("client", false, Exited{0}, false, 5020ms);
  const ProcessResult quick = process("quick", false, Exited{0}, false, 1s);

  EXPECT_EQ(describe_success({server, client}), "client exited with 0 after 5.02s; server stayed up throughout");
  EXPECT_EQ(describe_success({quick}), "quick exited with 0 after 1s");
  EXPECT_EQ(describe_success({client, quick}), "client and quick ended as expected, the last one, client, after 5.02s");
}

}  // namespace
}  // namespace dummynet::scenario

// Links that do something to packets, as the command shows them: what it prints, its exit codes, its log of packets.
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>

#include "e2e/scenario_test.hpp"

namespace dummynet::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

/// As ourselves and as an ordinary user.
class LinkTest : public ScenarioTest, public testing::WithParamInterface<bool> {
 protected:
  /// Two nodes, a link with these properties, and pings from a to b.
  std::string pings(const std::string& properties, const std::string& options, const std::string& rest = "") const {
    return file("nodes: {a: , b: }\ntimeout: 100s\nlinks: [{endpoints: [a, b], " + properties +
                "}]\nprocesses: {ping: {node: a, command: ping " + options + " b" + "}}\n" + rest);
  }
  static CommandRun::Options user() { return {.as_nobody = GetParam()}; }
  /// The command's JSON. How busy the machine is must not decide.
  static Json run(const std::string& scenario, std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"run", "--format", "json", "--fidelity", "report"});
    options.push_back(scenario);
    CommandRun command{options, user()};
    command.wait();
    Json json = Json::parse(command.out(), nullptr, false);
    EXPECT_FALSE(json.is_discarded()) << command.all();
    return json;
  }
};

TEST_P(LinkTest, DelayBothWays) {
  const Json json = run(pings("delay: 15ms", "-c 3 -i 0.01", ""));

  EXPECT_EQ(json.at("verdict"), "passed") << json.at("cause");
  const Json& link = json.at("links").at(0);
  EXPECT_EQ(link.at("name"), "a–b");
  EXPECT_EQ(link.at("uplink").at("fate"), "15ms");
  EXPECT_GE(link.at("uplink").at("departed_packets"), 3);
  EXPECT_GE(link.at("downlink").at("lateness").at("packets"), 3);
  // Two delays for each answer, one after the other only once: three pings are sent at once.
  EXPECT_GE(
      json.at("processes").at(0).at("end_s").get<double>() - json.at("processes").at(0).at("start_s").get<double>(),
      0.030);
}

TEST_P(LinkTest, LoseExactlyThePacketsAsked) {
  CommandRun command{{"run", "--fidelity", "report", pings("uplink: {loss: {packets: [2, 4]}}", "-c 5 -i 0.05 -W 1")},
                     user()};

  EXPECT_EQ(command.wait(), 0) << command.all();
  EXPECT_THAT(command.out(), AllOf(HasSubstr("icmp_seq=1 "), Not(HasSubstr("icmp_seq=2 ")), HasSubstr("icmp_seq=3 "),
                                   Not(HasSubstr("icmp_seq=4 ")), HasSubstr("icmp_seq=5 "),
                                   HasSubstr("5 packets transmitted, 3 received")));
  EXPECT_THAT(command.out(), HasSubstr("loss 2"));
}

/// The fate of the data packets of a link's uplink, as the log has it.
std::set<std::string> uplink_fates(const std::string& log) {
  std::set<std::string> fates;
  std::ifstream file{log};
  for (std::string line; std::getline(file, line);) {
    const Json json = Json::parse(line, nullptr, false);
    EXPECT_TRUE(json.is_object()) << line;
    if (json.value("direction", "") == "uplink" && json.value("class", "") == "data" &&
        json.value("number", 0) <= 100) {
      fates.insert(std::to_string(json.value("number", 0)) + " " + json.value("drop", "passes"));
    }
  }
  return fates;
}

TEST_P(LinkTest, GiveTheSameFateForTheSameSeed) {
  const std::string scenario = pings("uplink: {loss: 30%}", "-c 100 -i 0.002 -W 1");
  const auto fates = [&](const std::string& seed, const std::string& log) {
    run(scenario, {"--seed", seed, "--log-packets=" + path(log)});
    return uplink_fates(path(log));
  };
  const std::set<std::string> first = fates("11", "first");

  EXPECT_EQ(first.size(), 100U);
  EXPECT_EQ(first, fates("11", "second"));
  EXPECT_NE(first, fates("12", "third"));
}

TEST_P(LinkTest, GoDownAndComeUp) {
  // Pings last three seconds; within the first two the link is down for one.
  const Json json = run(pings("delay: 1ms", "-c 30 -i 0.1",
                              "events:\n  - {at: 500ms, link: [a, b], state: down}\n"
                              "  - {at: 1500ms, link: [a, b], state: up}\n"));

  EXPECT_EQ(json.at("verdict"), "passed") << json.at("cause");
  EXPECT_GT(json.at("links").at(0).at("uplink").at("drops").at("link_down"), 0);
  ASSERT_EQ(json.at("events").size(), 2U);
  EXPECT_EQ(json.at("events").at(0).at("text"), "link a–b goes down");
  EXPECT_FALSE(json.at("events").at(1).at("done_s").is_null());
}

TEST_P(LinkTest, TellOfEventsInTheLog) {
  CommandRun command{{"run", "--fidelity", "report",
                      pings("delay: 1ms", "-c 5 -i 0.1",
                            "events: [{at: 100ms, link: [b, a], direction: downlink, set: {loss: 100%}}]\n")},
                     user()};
  command.wait();

  EXPECT_THAT(command.out(), HasSubstr("\n@100ms * link b → a: loss 100%\n")) << command.all();
  EXPECT_THAT(command.out(), HasSubstr("\nlink "));
  EXPECT_THAT(command.out(), HasSubstr("a:eth0 → b:eth0  1ms "));
}

/// A process of the run finds the engine, which is in the same PID namespace, and sends it a signal.
/// `command` is given the engine's pid.
std::string with_engine(const std::string& command) {
  return "for p in /proc/[0-9]*; do if tr '\\000' ' ' < $p/cmdline | grep -q '^/proc/self/exe engine'; then " +
         command + " ${p#/proc/}; fi; done 2>/dev/null; ";
}
std::string to_engine(const std::string& signal) { return with_engine("kill -" + signal); }

/// While the engine is stopped, three pings leave; it goes on 100 ms later.
std::string interrupted_pings(const std::string& then) {
  return "nodes: {a: , b: }\ntimeout: 100s\nlinks: [{endpoints: [a, b], delay: 1ms}]\nprocesses:\n  p:\n    node: a\n"
         "    command: |\n      sent() { cat /sys/class/net/eth0/statistics/tx_packets; }\n"
         "      ping -q -c 1 b\n"
         "      before=$(sent)\n      " +
         to_engine("STOP") +
         "\n"
         "      ping -q -c 3 -i 0.01 -W 30 b &\n"
         "      until [ $(($(sent) - before)) -ge 3 ]; do sleep 0.01; done\n"
         "      sleep 0.1\n      " +
         to_engine("CONT") +
         "\n"
         "      wait\n      " +
         then + "\n";
}

TEST_P(LinkTest, ThatWereLateMakeTheRunInconclusive) {
  CommandRun command{{"run", file(interrupted_pings("true"))}, user()};

  EXPECT_EQ(command.wait(), 4) << command.all();
  EXPECT_THAT(command.out(), HasSubstr("\ninconclusive: packets did not meet the fate that was asked for: "));
  EXPECT_THAT(command.out(), HasSubstr("\n  so what came out proves nothing (passed: p exited with 0 after "));
}

TEST_P(LinkTest, ThatWereLateExcuseAFailure) {
  CommandRun command{{"run", "--format", "json", file(interrupted_pings("exit 3"))}, user()};

  EXPECT_EQ(command.wait(), 4) << command.all();
  const Json json = Json::parse(command.out());
  EXPECT_EQ(json.at("cause").at("kind"), "unfaithful");
  EXPECT_THAT(json.at("cause").at("consequences").at(0).get<std::string>(),
              HasSubstr("(failed: p exited with 3 after "));
  EXPECT_GT(json.at("links").at(0).at("uplink").at("lateness").at("max_s").get<double>(), 0.1);
}

TEST_P(LinkTest, ThatWereLateAreOnlyReportedIfAsked) {
  CommandRun command{{"run", "--fidelity", "report", file(interrupted_pings("true"))}, user()};

  EXPECT_EQ(command.wait(), 0) << command.all();
  EXPECT_THAT(command.out(), HasSubstr("\nnote: packets did not meet the fate that was asked for: "));
}

TEST_P(LinkTest, GoBeforeAllOthersWhereThatIsPermitted) {
  CommandRun command{{"run", "--engine-realtime",
                      file("nodes: {a: , b: }\ntimeout: 100s\nlinks: [{endpoints: [a, b], delay: 1ms}]\nprocesses:\n"
                           "  p:\n    node: a\n    command: |\n      " +
                           with_engine("chrt --pid") + "\n")},
                     user()};

  const int code = command.wait();
  if (code == 0 || code == 4) {  // a busy machine must not decide
    EXPECT_FALSE(GetParam());
    EXPECT_THAT(command.out(), HasSubstr("scheduling policy: SCHED_FIFO"));
  } else {
    EXPECT_EQ(code, 3) << command.all();
    EXPECT_THAT(command.out(), HasSubstr("no realtime for the engine: SCHED_FIFO: Operation not permitted; it takes "));
  }
}

TEST_P(LinkTest, EndTheRunWithTheirEngine) {
  CommandRun command{{"run", file("nodes: {a: , b: }\ntimeout: 100s\nlinks: [{endpoints: [a, b], delay: 1ms}]\n"
                                  "processes:\n  p:\n    node: a\n    command: |\n      " +
                                  to_engine("KILL") + "sleep 1000\n")},
                     user()};

  EXPECT_EQ(command.wait(), 3) << command.all();
  EXPECT_THAT(command.out(),
              HasSubstr("\nerror: the link engine has ended: killed by SIGKILL; no packet passed any more\n"));
  EXPECT_THAT(command.out(), HasSubstr("\n  so p was stopped after "));
}

/// What the kernel emulates, or nothing with the reason where it lacks what that takes.
std::optional<Json> run_by_kernel(const std::string& scenario, const CommandRun::Options& user) {
  CommandRun command{{"run", "--emulation", "kernel", "--format", "json", scenario}, user};
  const int code = command.wait();
  if (code == 3 && command.out().find("this kernel has no ") != std::string::npos) return std::nullopt;
  EXPECT_EQ(code, 0) << command.all();
  return Json::parse(command.out());
}

TEST_P(LinkTest, CanBeTheKernels) {
  const auto json = run_by_kernel(
      pings("rate: 10mbit, limit: 64kib", "-c 3 -i 0.01", "events: [{at: 0s, link: [a, b], set: {rate: 1mbit}}]\n"),
      user());
  if (!json) GTEST_SKIP() << "no tbf here";

  const Json& link = json->at("links").at(0);
  EXPECT_EQ(link.at("emulation"), "kernel");
  EXPECT_GE(link.at("uplink").at("departed_packets"), 3);
  EXPECT_FALSE(link.at("uplink").contains("lateness")) << "nobody measured it";
  EXPECT_FALSE(json->at("events").at(0).at("done_s").is_null());
  EXPECT_THAT(json->at("notes").dump(), HasSubstr("emulated by the kernel: the rate is held by tbf"));
}

TEST_P(LinkTest, AreDelayedByNetemToo) {
  const auto json = run_by_kernel(pings("delay: 20ms", "-c 2 -i 0.01"), user());
  if (!json) GTEST_SKIP() << "no netem here";

  const Json& ping = json->at("processes").at(0);
  EXPECT_GE(ping.at("end_s").get<double>() - ping.at("start_s").get<double>(), 0.040);
  EXPECT_EQ(json->at("links").at(0).at("uplink").at("fate"), "20ms");
}

TEST_P(LinkTest, CannotBeMistaken) {
  std::ofstream{path("bad.trace")} << "1\n2\n3\n4\n5\n6\nseven\n";
  CommandRun command{{"run", pings("trace: bad.trace", "-c 1")}, user()};

  EXPECT_EQ(command.wait(), 2);
  EXPECT_THAT(command.err(), HasSubstr("test.yaml:3:36: bad.trace:7: ")) << command.all();
}

INSTANTIATE_TEST_SUITE_P(, LinkTest, testing::Bool(), [](const testing::TestParamInfo<bool>& test) {
  return test.param ? "AsNobody" : "AsOurselves";
});

}  // namespace
}  // namespace dummynet::test

#include <gmock/gmock.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "dummynet/scenario/report_json.hpp"
#include "dummynet/scenario/report_text.hpp"

namespace dummynet::scenario {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

Plan two_processes() {
  Plan plan;
  plan.name = "demo";
  plan.topology.nodes.emplace_back();
  plan.processes.resize(2);
  plan.processes[0].name = "server";
  plan.processes[0].node = "left";
  plan.processes[0].command = Command("serve");
  plan.processes[0].daemon = true;
  plan.processes[0].ready = Ready::listen(5201);
  plan.processes[1].name = "me";
  plan.processes[1].node = "left";
  return plan;
}

RunResult failed_run() {
  RunResult result;
  result.name = "demo";
  result.verdict = Verdict::failed;
  result.cause.kind = Cause::Kind::unexpected_ending;
  result.cause.process = "me";
  result.cause.node = "left";
  result.cause.at = 1500ms;
  result.cause.text = "me exited with 3 after 1s; it was expected to exit with 0";
  result.cause.last_lines = "first\nlast \xff\n";
  result.cause.consequences = {"server was stopped after 1.5s"};
  result.processes.resize(2);
  result.processes[0].name = "server";
  result.processes[0].node = "left";
  result.processes[0].daemon = true;
  result.processes[1].name = "me";
  result.processes[1].node = "left";
  RunInfo& info = result.processes[1].info.emplace();
  info.ending = Exited{3};
  info.start = Clock::time_point{10s};
  info.end = info.start + 1s;
  info.resources.cpu = 12ms;
  info.resources.cpu_source = Source::cgroup_v2;
  result.start = Clock::time_point{9500ms};
  result.metrics = {{"me", "rate", 24.3e9, "bit/s"}};
  return result;
}

OutputLine line(std::string_view text, Stream stream = Stream::out) {
  OutputLine result;
  result.stream = stream;
  result.text = text;
  return result;
}

TEST(TextReport, AlignsTheLogByNames) {
  std::ostringstream out;
  TextReport report{out, {}};
  const Plan plan = two_processes();
  report.run_started(plan);
  report.process_started(plan.processes[0]);
  report.output(plan.processes[0], line("hello\r"));
  report.output(plan.processes[1], line("oh", Stream::err));
  report.process_ready(plan.processes[0], 12ms);

  EXPECT_EQ(out.str(),
            "demo: 1 node, 0 links, 2 processes\n"
            "server * started on node left: serve\n"
            "server * waiting for tcp port 5201 to listen\n"
            "server | hello\n"
            "me     ! oh\n"
            "server * ready after 12ms\n");
}

TEST(TextReport, LeavesOutWhatIsReadAsJson) {
  std::ostringstream out;
  TextReport report{out, {}};
  Plan plan = two_processes();
  plan.processes[1].metrics.push_back({"m", JsonPath{{"a"}}, "", {}, {}});
  report.run_started(plan);
  report.output(plan.processes[1], line("{\"a\": 1}"));
  report.output(plan.processes[1], line("warning", Stream::err));

  EXPECT_THAT(out.str(), Not(HasSubstr("{\"a\"")));
  EXPECT_THAT(out.str(), HasSubstr("me     ! warning\n"));
}

TEST(TextReport, EndsWithTablesAndTheVerdict) {
  std::ostringstream out;
  TextReport report{out, {}};
  report.run_ended(failed_run());

  EXPECT_EQ(out.str(),
            "\n"
            "process  node  role    ending         time   CPU  memory peak\n"
            "server   left  daemon  never started     -     -            -\n"
            "me       left  client  exited with 3    1s  12ms            -\n"
            "\n"
            "metric         value\n"
            "me.rate  24.3 Gbit/s\n"
            "\n"
            "failed: me exited with 3 after 1s; it was expected to exit with 0\n"
            "  1.5s into the run, process me on node left\n"
            "  its last lines of output:\n"
            "    first\n"
            "    last \xff\n"
            "  so server was stopped after 1.5s\n");
}

TEST(TextReport, SaysOnlyTheVerdictWhenQuiet) {
  std::ostringstream out;
  TextOptions options;
  options.quiet = true;
  TextReport report{out, options};
  const Plan plan = two_processes();
  report.run_started(plan);
  report.process_started(plan.processes[0]);
  report.output(plan.processes[0], line("hello"));
  report.note("a note");
  report.run_ended(failed_run());

  EXPECT_THAT(out.str(), testing::StartsWith("failed: "));
}

TEST(TextReport, ColoursWhenAsked) {
  std::ostringstream out;
  TextOptions options;
  options.colour = true;
  TextReport report{out, options};
  const Plan plan = two_processes();
  report.run_started(plan);
  report.output(plan.processes[0], line("hello"));
  report.run_ended(failed_run());

  EXPECT_THAT(out.str(), HasSubstr("\x1b[36mserver |\x1b[0m hello\n"));
  EXPECT_THAT(out.str(), HasSubstr("\x1b[1;31mfailed\x1b[0m: me exited"));
}

TEST(JsonReport, IsOneObjectWithEverything) {
  std::ostringstream out;
  JsonReport report{out};
  report.note("a note");
  report.run_ended(failed_run());

  const Json json = Json::parse(out.str());  // bytes that are no UTF-8 have been replaced
  EXPECT_EQ(json.at("verdict"), "failed");
  EXPECT_EQ(json.at("cause").at("kind"), "unexpected_ending");
  EXPECT_EQ(json.at("cause").at("at_s"), 1.5);
  EXPECT_EQ(json.at("cause").at("last_lines"), "first\nlast \xEF\xBF\xBD\n");
  EXPECT_EQ(json.at("processes").at(0).at("started"), false);
  const Json& me = json.at("processes").at(1);
  EXPECT_EQ(me.at("start_s"), 0.5);
  EXPECT_EQ(me.at("end_s"), 1.5);
  EXPECT_TRUE(me.at("ready_s").is_null());
  EXPECT_EQ(me.at("ending").at("exit_code"), 3);
  EXPECT_TRUE(me.at("ending").at("signal").is_null());
  EXPECT_EQ(me.at("resources").at("cpu_s"), 0.012);
  EXPECT_TRUE(me.at("resources").at("memory_peak_bytes").is_null());
  EXPECT_EQ(json.at("metrics").at("me.rate").at("value"), 24.3e9);
  EXPECT_EQ(json.at("notes"), Json::array({"a note"}));
}

}  // namespace
}  // namespace dummynet::scenario

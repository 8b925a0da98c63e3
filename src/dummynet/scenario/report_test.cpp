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

/// A link that lost some packets on their way there, and had no queue back.
LinkResult lossy_link() {
  LinkResult link;
  link.name = "a–b";
  DirectionResult& up = link.directions[0];
  up.from = "a:eth0";
  up.to = "b:eth0";
  up.fate = "20ms 10mbit 1%";
  up.queue_limit = "33p by default";
  up.counters.fate.offered_packets = 1010;
  up.counters.fate.departed_packets = 990;
  up.counters.fate.departed_bytes = 1U << 20U;
  up.counters.fate.drops[static_cast<std::size_t>(wire::DropReason::loss)] = 12;
  up.counters.fate.drops[static_cast<std::size_t>(wire::DropReason::queue_full)] = 8;
  up.counters.fate.max_queue_packets = 33;
  up.dropped_packets = 20;
  up.counters.achieved_bits_per_second = 9.99e6;
  up.counters.lateness.add(10us);
  up.counters.lateness.add(3ms);
  up.counters.late_packets = 1;
  link.directions[1].from = "b:eth0";
  link.directions[1].to = "a:eth0";
  link.directions[1].queue_limit = "-";
  return link;
}

TEST(TextReport, TellsWhatLinksDid) {
  std::ostringstream out;
  TextReport report{out, {}};
  RunResult result;
  result.cause.text = "all is well";
  result.links = {lossy_link()};
  result.events = {{2s, 2s, "link a–b goes down"}, {1h, {}, "link a–b comes up"}};
  report.run_ended(result);

  EXPECT_EQ(out.str(),
            "\n"
            "link             fate            packets     bytes                dropped          longest queue"
            "         rate  late p50 p99 max\n"
            "a:eth0 → b:eth0  20ms 10mbit 1%      990  1.00 MiB  loss 12, queue_full 8  33p of 33p by default"
            "  9.99 Mbit/s      16us 3ms 3ms\n"
            "b:eth0 → a:eth0  -                     0       0 B                      0                      -"
            "            -                 -\n"
            "note: the run was over before 1h: link a–b comes up\n"
            "\n"
            "passed: all is well\n");
}

TEST(TextReport, ShowsOnlyTheFirstOfManyLinks) {
  std::ostringstream out;
  TextReport report{out, {}};
  RunResult result;
  result.links.assign(30, lossy_link());
  report.run_ended(result);

  EXPECT_THAT(out.str(), HasSubstr("\nand 10 more links, which `--format json` has\n"));
}

TEST(TextReport, LeadsEventsByTheirTime) {
  std::ostringstream out;
  TextReport report{out, {}};
  report.run_started(two_processes());
  PlannedEvent event;
  event.at = 1500ms;
  event.text = "link a–b goes down";
  report.event(event);

  EXPECT_THAT(out.str(), HasSubstr("\n@1.5s  * link a–b goes down\n"));
}

TEST(JsonReport, TellsEverythingOfLinksAndEvents) {
  std::ostringstream out;
  JsonReport report{out};
  RunResult result;
  result.links = {lossy_link()};
  result.events = {{2s, 2100ms, "link a–b goes down"}, {1h, {}, "link a–b comes up"}};
  report.run_ended(result);

  const Json json = Json::parse(out.str());
  const Json& link = json.at("links").at(0);
  EXPECT_EQ(link.at("name"), "a–b");
  EXPECT_EQ(link.at("emulation"), "engine");
  const Json& up = link.at("uplink");
  EXPECT_EQ(up.at("fate"), "20ms 10mbit 1%");
  EXPECT_EQ(up.at("departed_packets"), 990);
  EXPECT_EQ(up.at("drops").at("loss"), 12);
  EXPECT_EQ(up.at("drops").at("link_down"), 0);
  EXPECT_EQ(up.at("rate_bits_per_second"), 9.99e6);
  EXPECT_EQ(up.at("lateness").at("packets"), 2);
  EXPECT_EQ(up.at("lateness").at("max_s"), 0.003);
  EXPECT_EQ(up.at("own_losses"), 0);
  EXPECT_EQ(up.at("missed_packets"), 0);
  EXPECT_TRUE(link.at("downlink").at("queue_limit").is_null());
  EXPECT_TRUE(link.at("downlink").at("rate_bits_per_second").is_null());
  EXPECT_EQ(json.at("events").at(0).at("done_s"), 2.1);
  EXPECT_TRUE(json.at("events").at(1).at("done_s").is_null());
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

#include "dummynet/scenario/impairment_parser.hpp"

#include <gmock/gmock.h>

#include <map>
#include <string>

#include "dummynet/scenario/planner.hpp"
#include "support/complaints.hpp"

namespace dummynet::scenario {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using wire::Impairment;

/// Files that a scenario may refer to.
const std::map<std::string, std::string> kFiles{{"good.trace", "1\n2\n"},
                                                {"bad.trace", "1\n2\n1\n"},
                                                {"dir/normal.dist", "# a table\n-8192 0 8192\n"},
                                                {"rates", "0s 1mbit\n1s 2mbit\n"}};

PlanOptions with_files() {
  PlanOptions options;
  options.read_file = [](const std::string& name) {
    const auto found = kFiles.find(name);
    if (found == kFiles.end()) throw std::system_error{ENOENT, std::generic_category(), "open " + name};
    return found->second;
  };
  return options;
}

/// A link between two nodes with these properties, which stand in line 4.
std::string with_link(const std::string& properties) {
  return "nodes: {a: , b: }\nlinks:\n  - endpoints: [a, b]\n    " + properties +
         "\nprocesses: {p: {node: a, command: x}}\n";
}

std::string link_complaints(const std::string& properties) {
  return test::lines(read_plan(with_link(properties), with_files()).complaints);
}

std::array<Impairment, 2> directions(const std::string& properties) {
  const Planned planned = read_plan(with_link(properties), with_files());
  for (const Complaint& complaint : planned.complaints) ADD_FAILURE() << to_string(complaint, "f");
  return planned.plan.links.empty() ? std::array<Impairment, 2>{} : planned.plan.links.at(0).directions;
}
Impairment uplink(const std::string& properties) { return directions(properties)[0]; }

TEST(ImpairmentParser, ReadsDelayAndJitter) {
  EXPECT_EQ(uplink("delay: 20ms").delay, 20ms);
  EXPECT_EQ(directions("delay: 20ms")[1].delay, 20ms);
  EXPECT_EQ(uplink("delay: 20ms\n    jitter: 1ms").jitter.amount, 1ms);
}

TEST(ImpairmentParser, ReadsAJitterInFull) {
  const wire::Jitter normal =
      uplink("delay: 20ms\n    jitter: {amount: 2ms, distribution: pareto_normal, reorder: true}").jitter;
  EXPECT_EQ(normal.amount, 2ms);
  EXPECT_EQ(normal.distribution, wire::Jitter::Distribution::pareto_normal);
  EXPECT_TRUE(normal.reorder);
  const wire::Jitter table =
      uplink("delay: 20ms\n    jitter: {amount: 2ms, distribution: {table: dir/normal.dist}}").jitter;
  EXPECT_EQ(table.distribution, wire::Jitter::Distribution::table);
  EXPECT_THAT(table.table, ElementsAre(-8192, 0, 8192));
}

TEST(ImpairmentParser, ReadsEveryKindOfLoss) {
  EXPECT_EQ(uplink("loss: 1%").loss, wire::Loss{wire::RandomLoss{0.01}});
  EXPECT_EQ(uplink("loss: {random: 1%}").loss, wire::Loss{wire::RandomLoss{0.01}});
  EXPECT_EQ(uplink("loss: {gemodel: {p: 1%, r: 25%}}").loss, (wire::Loss{wire::GilbertElliott{0.01, 0.25}}));
  EXPECT_EQ(uplink("loss: {gemodel: {p: 1%, r: 25%, loss_bad: 50%, loss_good: 2%}}").loss,
            (wire::Loss{wire::GilbertElliott{0.01, 0.25, 0.5, 0.02}}));
  EXPECT_EQ(uplink("loss: {packets: [3, 7]}").loss, (wire::Loss{wire::ListedLoss{{3, 7}}}));
  EXPECT_EQ(uplink("loss: {every: 10}").loss, wire::Loss{wire::EveryNthLoss{10}});
}

TEST(ImpairmentParser, ReadsEveryKindOfRate) {
  EXPECT_EQ(uplink("rate: 10mbit").rate, wire::Rate{wire::LineRate{10'000'000}});
  EXPECT_EQ(uplink("rate: {rate: 10mbit, overhead: 24b}").rate, (wire::Rate{wire::LineRate{10'000'000, 24}}));
  EXPECT_EQ(uplink("rate: {rate: 10mbit, overhead: -14b}").rate, (wire::Rate{wire::LineRate{10'000'000, -14}}));
  const wire::RateSchedule steps{{{0s, 1'000'000}, {1s, 2'000'000}}, 5s, 0};
  EXPECT_EQ(uplink("rate: {schedule: [{at: 0s, rate: 1mbit}, {at: 1s, rate: 2mbit}], repeat: 5s}").rate,
            wire::Rate{steps});
  EXPECT_EQ(uplink("rate: {schedule: rates, repeat: 5s}").rate, wire::Rate{steps});
  EXPECT_EQ(uplink("rate: {trace: good.trace}").rate, (wire::Rate{wire::DeliveryTrace{{1, 2}, true}}));
  EXPECT_EQ(uplink("rate: {trace: good.trace, repeat: false}").rate, (wire::Rate{wire::DeliveryTrace{{1, 2}, false}}));
  EXPECT_EQ(uplink("trace: good.trace").rate, (wire::Rate{wire::DeliveryTrace{{1, 2}, true}}));
}

TEST(ImpairmentParser, ReadsQueuesAndLimits) {
  EXPECT_EQ(uplink("rate: 1mbit\n    queue: drop_head\n    limit: 60p").queue.limit_packets, 60U);
  const wire::Queue limits = uplink("rate: 1mbit\n    limit: [60p, 64kib, 50ms]").queue;
  EXPECT_EQ(limits.limit_packets, 60U);
  EXPECT_EQ(limits.limit_bytes, 65'536U);
  EXPECT_EQ(limits.limit_time, 50ms);
  const wire::Queue codel =
      uplink("rate: 1mbit\n    queue: {kind: codel, limit: 100p, ecn: true, target: 2ms, interval: 50ms}").queue;
  EXPECT_EQ(codel.kind, wire::Queue::Kind::codel);
  EXPECT_EQ(codel.limit_packets, 100U);
  EXPECT_TRUE(codel.ecn);
  EXPECT_EQ(codel.codel_target, 2ms);
  EXPECT_EQ(codel.codel_interval, 50ms);
  const wire::Queue pie = uplink("rate: 1mbit\n    queue: {kind: pie, target: 20ms, interval: 10ms}").queue;
  EXPECT_EQ(pie.pie_target, 20ms);
  EXPECT_EQ(pie.pie_update, 10ms);
}

TEST(ImpairmentParser, ReadsTheRest) {
  const Impairment rest = uplink(
      "delay: 1ms\n    duplicate: 1%\n    reorder: {probability: 25%, gap: 5}\n    corrupt: 0.1%\n"
      "    spare_control: false");
  EXPECT_EQ(rest.duplicate, 0.01);
  EXPECT_EQ(rest.reorder, (wire::Reorder{0.25, 5}));
  EXPECT_EQ(rest.corrupt, 0.001);
  EXPECT_FALSE(rest.spare_control);
  EXPECT_EQ(uplink("delay: 1ms\n    reorder: 25%").reorder, (wire::Reorder{0.25, 1}));
}

TEST(ImpairmentParser, LetsADirectionRefineItsLink) {
  const auto [up, down] = directions(
      "delay: 20ms\n    limit: 60p\n    uplink: {rate: 2mbit}\n    downlink: {rate: 10mbit, delay: 5ms, queue: codel}");
  EXPECT_EQ(up.delay, 20ms);
  EXPECT_EQ(up.rate, wire::Rate{wire::LineRate{2'000'000}});
  EXPECT_EQ(up.queue.limit_packets, 60U);
  EXPECT_EQ(down.delay, 5ms);
  EXPECT_EQ(down.rate, wire::Rate{wire::LineRate{10'000'000}});
  EXPECT_EQ(down.queue.kind, wire::Queue::Kind::codel);
  EXPECT_EQ(down.queue.limit_packets, 60U) << "who says nothing about the limit keeps it";
}

TEST(ImpairmentParser, ComplainsAboutEverythingAtOnce) {
  EXPECT_EQ(
      link_complaints("delay: -20ms\n    loss: 120 %\n    rate: 0bit\n    limit: 60\n    jiter: 1ms\n    corrupt: 1"),
      "f:4:12: `delay`: `-20ms` is not a duration: it is negative\n"
      "f:5:11: `loss`: `120 %` is more than 100%\n"
      "f:6:11: `rate` is 0, so nothing would ever arrive; an event's `state: down` stops a link, `loss: 100%` "
      "loses everything\n"
      "f:7:12: `limit`: `60` has no unit; did you mean `60p`, so many packets?\n"
      "f:8:5: unknown key `jiter` of a link; did you mean `jitter`?\n"
      "f:9:14: `corrupt`: `1` has no unit; did you mean `1%`?");
}

TEST(ImpairmentParser, RefusesWhatItCannotUnderstand) {
  const std::pair<const char*, const char*> cases[] = {
      {"jitter: {distribution: normal}", "f:4:13: `jitter` needs an `amount`"},
      {"jitter: {amount: 1ms, distribution: gauss}", "unknown distribution `gauss`"},
      {"jitter: {amount: 1ms, distribution: paretonormal}", "did you mean `pareto_normal`?"},
      {"jitter: {amount: 1ms, distribution: {tabel: x}}", "did you mean `table`?"},
      {"loss: {random: 1%, every: 3}", "f:4:11: `loss` is one of `random`, `gemodel`, `packets` and `every`"},
      {"loss: {}", "`loss` is one of"},
      {"loss: {gemodel: {p: 1%}}", "`gemodel` needs `p` and `r`"},
      {"loss: {packets: [0]}", "the number of a packet must be a whole number from 1"},
      {"loss: {every: 0}", "`every` must be a whole number from 1"},
      {"rate: 10Mbit", "did you mean `10mbit`?"},
      {"rate: {overhead: 24b}", "`rate` needs one of `rate`, `schedule` and `trace`"},
      {"rate: {rate: 1mbit, overhead: 24}", "`overhead` must be bytes"},
      {"rate: {rate: 1mbit, repeat: 1s}", "only a `schedule` or a `trace` can `repeat`"},
      {"rate: {schedule: [{at: 1s, rate: 1mbit}]}", "the first step of `schedule` must be at `0s`"},
      {"rate: {schedule: [{at: 0s, rate: 1mbit}, {at: 0s, rate: 1mbit}]}", "must be in the order of time"},
      {"rate: {schedule: [{at: 0s}]}", "a step of `schedule` needs `at` and `rate`"},
      {"rate: {schedule: []}", "`schedule` holds no rate"},
      {"rate: {trace: bad.trace}", "f:4:19: bad.trace:3: times must not descend: 1 comes after 2"},
      {"trace: none.trace", "f:4:12: `trace`: open none.trace: No such file or directory"},
      {"trace: ''", "`trace` is empty"},
      {"trace: good.trace\n    rate: 1mbit", "`trace` is short for `rate: {trace: FILE}`"},
      {"queue: red", "unknown queue `red`; there are `drop_tail`"},
      {"queue: {kind: drop_head, target: 5ms}", "`target` is for `codel` and `pie`"},
      {"queue: {kind: codel, limit: 60p}\n    limit: 60p", "once is enough"},
      {"limit: [60p, 70p]", "`limit` has two values in packets"},
      {"reorder: {gap: 3}", "`reorder` needs a `probability`"},
      {"uplink: {dealy: 1ms}", "unknown key `dealy` of a link's direction; did you mean `delay`?"},
      {"uplink: {uplink: {delay: 1ms}}", "unknown key `uplink` of a link's direction"},
      {"downlink: 10mbit", "a link's direction must be a map"},
      {"emulation: netem", "unknown emulation `netem`; there are `engine`, `kernel`, `auto`"},
  };
  for (const auto& [text, complaint] : cases) EXPECT_THAT(link_complaints(text), HasSubstr(complaint)) << text;
}

TEST(ImpairmentParser, ReadsNoFilesUnlessToldHow) {
  const Complaints found = read_plan(with_link("trace: good.trace")).complaints;
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].message, "`trace`: no files can be read here");
}

}  // namespace
}  // namespace dummynet::scenario

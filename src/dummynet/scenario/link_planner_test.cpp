#include "dummynet/scenario/link_planner.hpp"

#include <gmock/gmock.h>

#include <string>

#include "dummynet/scenario/link_words.hpp"
#include "support/complaints.hpp"

namespace dummynet::scenario {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string complaints_about(const std::string& text) { return test::lines(read_plan(text).complaints); }

Plan plan_of(const std::string& text, std::optional<Emulation> emulation = {}) {
  Planned result = read_plan(text, {{}, emulation});
  for (const Complaint& complaint : result.complaints) ADD_FAILURE() << to_string(complaint, "f");
  return std::move(result.plan);
}

const std::string kProcess = "processes: {p: {node: a, command: x}, q: {node: a, command: y, daemon: true}}\n";
/// a – b – c, and a second link a – b.
const std::string kNodes = "nodes: {a: , b: {kind: router}, c: }\n" + kProcess;
const std::string kThree =
    kNodes + "links: [{endpoints: [a, b], delay: 20ms}, {endpoints: [b, c]}, {endpoints: ['a:two', b]}]\n";

TEST(LinkPlanner, LeavesPlainLinksAlone) {
  const Plan plan = plan_of(kThree);

  ASSERT_THAT(plan.links, SizeIs(1));
  EXPECT_EQ(plan.links[0].link, 0U);
  EXPECT_TRUE(plan.topology.links[0].cut);
  EXPECT_FALSE(plan.topology.links[1].cut);
  for (const net::PlannedInterface& interface : plan.network.interfaces) {
    EXPECT_EQ(interface.cut, interface.link == 0U) << interface.name;
  }
}

TEST(LinkPlanner, CutsNoLinkOfTheKernel) {
  const Plan plan = plan_of(kThree, Emulation::kernel);

  EXPECT_EQ(plan.links.at(0).emulation, Emulation::kernel);
  EXPECT_FALSE(plan.topology.links[0].cut);
}

TEST(LinkPlanner, GivesAllLinksOfAPresetTheirFate) {
  const Plan plan = plan_of(
      "topology: {dumbbell: {left: 1, right: 1, bottleneck: {rate: 10mbit, delay: 20ms}}, links: {delay: 1ms}}\n"
      "processes: {p: {node: left1, command: x}}\n");

  EXPECT_THAT(describe_links(plan), ElementsAre("20ms 10mbit", "1ms", "1ms"));
}

TEST(LinkPlanner, SaysWhatMakesNoSense) {
  EXPECT_THAT(complaints_about(kNodes + "links: [{endpoints: [a, b], delay: 1ms, jitter: 2ms}, {endpoints: [b, c]}]\n"),
              HasSubstr("f:3:49: `jitter`: "));
  EXPECT_THAT(complaints_about(kNodes + "links:\n  - endpoints: [a, b]\n  - endpoints: [b, c]\n"
                                        "  - {endpoints: [a, b], kind: vlan, id: 7, delay: 1ms}\n"),
              HasSubstr("f:6:5: only a cable, a link of kind `veth`, can do something to packets"));
}

TEST(LinkPlanner, SaysWhatTheKernelLacks) {
  EXPECT_THAT(complaints_about(
                  kNodes + "links: [{endpoints: [a, b], loss: {every: 3}}, {endpoints: [b, c]}]\nemulation: kernel\n"),
              HasSubstr("f:3:35: `loss`: the kernel cannot lose every n-th packet; use `emulation: engine`"));
  EXPECT_THAT(
      complaints_about(kThree + "emulation: kernel\nevents: [{at: 1s, link: [b, c], state: down, in_flight: keep}]\n"),
      HasSubstr("f:5:25: b–c loses what is on its way when it goes down"));
  EXPECT_THAT(
      complaints_about(kThree + "emulation: kernel\nevents: [{at: 1s, link: [b, c], set: {loss: {every: 3}}}]\n"),
      HasSubstr("f:5:45: `loss`: the kernel cannot lose every n-th packet"));
}

TEST(EventPlanner, KnowsWhatEachLinkDoesAtEveryMoment) {
  const Plan plan = plan_of(kThree + R"(
events:
  - {at: 3s, link: [b, 'a:eth0'], set: {loss: 10%}, direction: downlink}
  - {at: 1s, link: ['a:eth0', b], set: {loss: 5%}}
  - {at: 2s, link: ['a:eth0', b], state: down, in_flight: keep}
  - {at: 4s, link: ['a:eth0', b], state: up}
)");

  ASSERT_THAT(plan.events, SizeIs(4));
  EXPECT_EQ(plan.events[0].at, 1s);
  EXPECT_EQ(plan.events[0].text, "link a:eth0–b:eth0: loss 5%");
  ASSERT_THAT(plan.events[0].changes, SizeIs(2));
  EXPECT_EQ(plan.events[0].changes[1].impairment.loss, wire::Loss{wire::RandomLoss{0.05}});
  EXPECT_EQ(plan.events[0].changes[1].impairment.delay, 20ms) << "what is not set stays";
  EXPECT_FALSE(plan.events[1].changes.at(0).impairment.up);
  EXPECT_FALSE(plan.events[1].changes.at(0).drop_in_flight);
  ASSERT_THAT(plan.events[2].changes, SizeIs(1));
  EXPECT_EQ(plan.events[2].changes[0].direction, 1U) << "as the link has its endpoints, not the event";
  EXPECT_EQ(plan.events[2].text, "link b → a: loss 10%");
  EXPECT_FALSE(plan.events[2].changes[0].impairment.up) << "it is down still";
  EXPECT_TRUE(plan.events[3].changes.at(1).impairment.up);
  EXPECT_EQ(plan.events[3].changes.at(1).impairment.loss, wire::Loss{wire::RandomLoss{0.10}});
}

TEST(EventPlanner, CutsLinksThatOnlyEventsAreAbout) {
  const Plan plan = plan_of(kThree + "events: [{at: 1s, link: [b, c], state: down}]\n");

  ASSERT_THAT(plan.links, SizeIs(2));
  EXPECT_EQ(plan.links[1].link, 1U);
  EXPECT_TRUE(plan.topology.links[1].cut);
  EXPECT_TRUE(plan.events.at(0).changes.at(0).drop_in_flight) << "as when a cable is cut, unless `keep` is asked for";
  EXPECT_EQ(plan.events[0].changes[0].link, 1U);
}

TEST(EventPlanner, KnowsWhoEmulatesALinkThatOnlyItIsAbout) {
  const Plan plan = plan_of(
      "topology: {dumbbell: {left: 1, right: 1, bottleneck: {emulation: kernel}}}\n"
      "processes: {p: {node: left1, command: x}}\nevents: [{at: 1s, link: [r1, r2], state: down}]\n");

  EXPECT_EQ(plan.links.at(0).emulation, Emulation::kernel);
}

TEST(EventPlanner, PartsAndHeals) {
  const Plan plan = plan_of(kThree + R"(
events:
  - {at: 1s, partition: [[a], [b, c]]}
  - {at: 2s, link: [b, c], state: down}
  - {at: 3s, partition: [[a, b], c]}
  - {at: 4s, heal: true}
  - {at: 5s, link: [b, c], state: up}
)");
  const auto ups = [&](std::size_t event) {
    std::string text;
    for (const PlannedChange& change : plan.events.at(event).changes) {
      if (change.direction == 0) {
        text += std::to_string(plan.links[change.link].link) + (change.impairment.up ? " up " : " down ");
      }
    }
    return text;
  };
  EXPECT_EQ(plan.events.at(0).text, "partition: a | b and c");
  EXPECT_EQ(ups(0), "0 down 2 down ");
  EXPECT_EQ(ups(1), "1 down ");
  EXPECT_EQ(ups(2), "0 up 1 down 2 up ") << "one partition at a time";
  EXPECT_EQ(ups(3), "1 down ") << "its own state is down still";
  EXPECT_EQ(ups(4), "1 up ");
}

TEST(EventPlanner, FindsTheProcessOfASignal) {
  const Plan plan = plan_of(kThree + "events: [{at: 1s, process: p, signal: SIGSTOP}]\n");

  ASSERT_TRUE(plan.events.at(0).signal);
  EXPECT_EQ(plan.processes.at(plan.events[0].signal->process).name, "p");
  EXPECT_EQ(plan.events[0].text, "SIGSTOP to p");
}

TEST(EventPlanner, ComplainsBeforeAnythingStarts) {
  const std::pair<const char*, const char*> cases[] = {
      {"{at: 1s, link: [a, d], state: down}", "unknown node `d`"},
      {"{at: 1s, link: [a, c], state: down}", "f:4:25: no link joins `a` and `c`"},
      {"{at: 1s, link: [a, b], state: down}",
       "2 links join `a` and `b`; say which one: `[\"a:eth0\", \"b:eth0\"]` or `[\"a:two\", \"b:eth2\"]`"},
      {"{at: 1s, link: ['a:tow', b], state: down}", "no link joins `a:tow` and `b`"},
      {"{at: 60s, link: [b, c], state: down}", "f:4:15: at 1min the run is over: its `timeout` is 10s"},
      {"{link: [b, c], state: down}", "an event without `at`"},
      {"{at: 1s}", "an event needs one of `link`, `process`, `partition` and `heal`"},
      {"{at: 1s, link: [b, c]}", "this event does nothing to its link"},
      {"{at: 1s, link: b, state: up}", "`link` must be its two endpoints"},
      {"{at: 1s, link: [b, c], set: {dely: 1ms}}", "did you mean `delay`?"},
      {"{at: 1s, link: [b, c], set: {jitter: 1ms}}", "`jitter`: "},
      {"{at: 1s, link: [b, c], set: {}}", "`set` sets nothing"},
      {"{at: 1s, link: [b, c], state: dwon}", "did you mean `down`?"},
      {"{at: 1s, link: [b, c], state: up, in_flight: keep}", "`in_flight` goes with `state: down`"},
      {"{at: 1s, link: [b, c], state: up, direction: sideways}", "unknown direction `sideways`"},
      {"{at: 1s, link: [b, c], state: up, signal: TERM}", "`signal` does not go with `link` in one event"},
      {"{at: 1s, process: pp, signal: TERM}", "unknown process `pp`; did you mean `p`?"},
      {"{at: 1s, process: p}", "give it a `signal`"},
      {"{at: 1s, process: p, signal: SIGFOO}", "`SIGFOO` is no signal"},
      {"{at: 1s, partition: [[a], [c]]}", "no link joins nodes of different sets"},
      {"{at: 1s, partition: [[a, b], [b]]}", "the node `b` is named twice"},
      {"{at: 1s, partition: [[a, b]]}", "`partition` must be two or more lists of nodes"},
      {"{at: 1s, partition: [[a], [x]]}", "unknown node `x`"},
      {"{at: 1s, heal: true}", "there is no partition to heal at this time"},
      {"{at: -1s, link: [b, c], state: down}", "it is negative"},
      {"{att: 1s, link: [b, c], state: down}", "unknown key `att` of an event; did you mean `at`?"},
  };
  for (const auto& [text, complaint] : cases) {
    EXPECT_THAT(complaints_about(kThree + "events: [" + text + "]\ntimeout: 10s\n"), HasSubstr(complaint)) << text;
  }
}

TEST(LinkWords, AreShort) {
  const auto words = [](const std::string& properties) {
    return describe_links(plan_of("nodes: {a: , b: }\nlinks: [{endpoints: [a, b], " + properties + "}]\n" + kProcess))
        .at(0);
  };
  EXPECT_EQ(words("delay: 20ms, jitter: 1ms, rate: 10mbit, loss: 0.5%"), "20ms ±1ms 10mbit 0.5%");
  EXPECT_EQ(words("delay: 20ms, uplink: {rate: 2mbit}, downlink: {rate: 10mbit, limit: 60p, queue: codel}"),
            "20ms up 2mbit down 10mbit 60p codel");
  EXPECT_EQ(words("loss: {gemodel: {p: 1%, r: 25%}}, duplicate: 1%"), "bursts 1%/25% duplicate 1%");
  EXPECT_EQ(words("loss: {packets: [1, 2, 3, 4]}"), "#1,2,3…");
  EXPECT_EQ(words("rate: 2.5gbit, loss: {every: 3}"), "2.5gbit 1 of 3");
}

}  // namespace
}  // namespace dummynet::scenario

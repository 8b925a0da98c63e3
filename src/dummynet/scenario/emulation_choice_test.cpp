#include "dummynet/scenario/emulation_choice.hpp"

#include <gmock/gmock.h>

namespace dummynet::scenario {
namespace {

using ::testing::ElementsAre;

constexpr auto kEngine = Emulation::engine;
constexpr auto kKernel = Emulation::kernel;

std::vector<Emulation> chosen(const std::string& links, bool has_netem, const std::string& events = "[]") {
  const Planned planned = read_plan("nodes: {a: , b: }\nprocesses: {p: {node: a, command: x}}\nlinks:\n" + links +
                                    "\nevents: " + events + "\n");
  for (const Complaint& complaint : planned.complaints) ADD_FAILURE() << to_string(complaint, "f");
  return choose_emulations(planned.plan, [&] { return has_netem; });
}

std::string link(const std::string& properties) { return "  - {endpoints: [a, b], " + properties + "}\n"; }

TEST(EmulationChoice, IsTheFilesOwnUnlessItIsAuto) {
  EXPECT_THAT(chosen(link("delay: 1ms") + link("delay: 1ms, emulation: kernel"), false), ElementsAre(kEngine, kKernel));
}

TEST(EmulationChoice, IsTheKernelOnlyWhereItDoesTheSame) {
  const auto automatic = [](const std::string& properties, bool has_netem = true) {
    return chosen(link(properties + ", emulation: auto"), has_netem).at(0);
  };
  EXPECT_EQ(automatic("delay: 1ms"), kKernel);
  EXPECT_EQ(automatic("delay: 1ms", false), kEngine) << "no netem";
  EXPECT_EQ(automatic("delay: 1ms, loss: 1%"), kEngine) << "other lots";
  EXPECT_EQ(automatic("loss: {every: 3}"), kEngine) << "cannot be had";
}

TEST(EmulationChoice, LooksAtWhatEventsAskFor) {
  const std::string automatic = link("delay: 1ms, emulation: auto");
  EXPECT_THAT(chosen(automatic, true, "[{at: 1s, link: [a, b], set: {delay: 2ms}}]"), ElementsAre(kKernel));
  EXPECT_THAT(chosen(automatic, true, "[{at: 1s, link: [a, b], set: {loss: 2%}}]"), ElementsAre(kEngine));
  EXPECT_THAT(chosen(automatic, true, "[{at: 1s, link: [a, b], state: down}]"), ElementsAre(kKernel));
  EXPECT_THAT(chosen(automatic, true, "[{at: 1s, link: [a, b], state: down, in_flight: keep}]"), ElementsAre(kEngine));
}

TEST(EmulationChoice, CutsJustTheEnginesLinks) {
  const Planned planned = read_plan(
      "nodes: {a: , b: , c: }\nprocesses: {p: {node: a, command: x}}\nlinks:\n"
      "  - {endpoints: [a, b], delay: 1ms, emulation: auto}\n  - {endpoints: [b, c], delay: 1ms}\n");
  const net::NetworkPlan network = cut_links(planned.plan, {kKernel, kEngine});

  for (const net::PlannedInterface& interface : network.interfaces) {
    EXPECT_EQ(interface.cut, interface.link == 1U) << interface.name;
  }
}

}  // namespace
}  // namespace dummynet::scenario

#include "dummynet/wire/link_engine.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <memory>
#include <regex>
#include <string>

#include "support/monitor_test.hpp"
#include "support/network_test.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;

constexpr Impairment delayed(Nanoseconds delay) {
  Impairment impairment;
  impairment.delay = delay;
  return impairment;
}

/// Two hosts, "a" and "b", and a link of which the engine has the ends.
class LinkEngineTest : public test::NetworkTest {
 protected:
  void SetUp() override {
    NetworkTest::SetUp();
    if (IsSkipped()) return;
    if (!has_program("ping")) GTEST_SKIP() << "no ping(8) here";
    network_ = std::make_unique<net::Network>(monitor_, topology());
    network_->up();
  }

  static net::Topology topology() {
    net::Topology topology;
    topology.nodes = {test::node("a"), test::node("b")};
    topology.links = {test::link(test::end("a"), test::end("b"))};
    topology.links.front().cut = true;
    return topology;
  }
  LinkEngine& start(const Impairment& uplink, const Impairment& downlink, EngineOptions options = {}) {
    engine_ = std::make_unique<LinkEngine>(monitor_, *network_, std::vector<EmulatedLink>{{0, {uplink, downlink}}},
                                           std::move(options));
    return *engine_;
  }
  /// The round trip times that ping(8) tells.
  std::vector<double> round_trips_ms(const std::string& from, const std::string& to, int count) {
    const Command command{"ping", "-n", "-i", "0.05", "-c", std::to_string(count), "-W", "30", to};
    const std::string text{run(*network_, from, command).out.text()};
    std::vector<double> times;
    const std::regex pattern{"time=([0-9.]+) ms"};
    for (std::sregex_iterator found{text.begin(), text.end(), pattern}; found != std::sregex_iterator{}; ++found) {
      times.push_back(std::stod((*found)[1]));
    }
    return times;
  }

  std::unique_ptr<net::Network> network_;
  std::unique_ptr<LinkEngine> engine_;
};

TEST_F(LinkEngineTest, DelaysEachDirectionByItself) {
  start(delayed(20ms), delayed(5ms));

  for (const double time : round_trips_ms("a", "b", 5)) EXPECT_GE(time, 25.0);
  const auto counters = engine_->counters();
  ASSERT_EQ(counters.size(), 1U);
  for (const DirectionCounters& direction : counters.front().directions) {
    EXPECT_GE(direction.fate.departed_packets, 5U);
    EXPECT_EQ(direction.fate.offered_packets, direction.fate.departed_packets);
    EXPECT_EQ(direction.own_losses, 0U);
    EXPECT_EQ(direction.lateness.count(), direction.fate.departed_packets);
  }
}

TEST_F(LinkEngineTest, ChangesDuringTheRun) {
  start({}, {});
  round_trips_ms("a", "b", 1);

  engine_->set(0, Direction::downlink, delayed(30ms));

  for (const double time : round_trips_ms("a", "b", 3)) EXPECT_GE(time, 30.0);
  EXPECT_EQ(engine_->impairment(0, Direction::downlink), delayed(30ms));
  EXPECT_EQ(engine_->impairment(0, Direction::uplink), Impairment{});
}

TEST_F(LinkEngineTest, TellsItsDeath) {
  start(delayed(1ms), {});
  std::string why;
  engine_->on_end([&why](const std::string& text) { why = text; });

  ASSERT_EQ(::kill(engine_->pid(), SIGKILL), 0);
  test::serve_until(monitor_, [&why] { return !why.empty(); });

  EXPECT_NE(why.find("SIGKILL"), std::string::npos) << why;
  EXPECT_THROW(engine_->counters(), std::runtime_error);
  EXPECT_THROW(engine_->set(0, Direction::uplink, {}), std::runtime_error);
}

TEST_F(LinkEngineTest, OutlivesTheOthersInStopAndTellsItsCounters) {
  start(delayed(1ms), delayed(1ms));
  bool told = false;
  engine_->on_end([&told](const std::string&) { told = true; });
  round_trips_ms("a", "b", 3);
  const auto before = engine_->counters();

  monitor_.stop();

  EXPECT_FALSE(told);
  const auto after = engine_->counters();
  ASSERT_EQ(after.size(), 1U);
  EXPECT_GE(after[0].directions[0].fate.departed_packets, before[0].directions[0].fate.departed_packets);
  EXPECT_GE(after[0].directions[0].fate.departed_packets, 3U);
}

}  // namespace
}  // namespace dummynet::wire

#include "dummynet/wire/link_engine.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <regex>
#include <string>

#include "support/delayed.hpp"
#include "support/monitor_test.hpp"
#include "support/network_test.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;
using test::delayed;

/// a - b, the cable cut.
net::Topology pair() {
  net::Topology topology;
  topology.nodes = {test::node("a"), test::node("b")};
  topology.links = {test::link(test::end("a"), test::end("b"))};
  topology.links.front().cut = true;
  return topology;
}

/// Two hosts, "a" and "b", and a link of which the engine has the ends.
class LinkEngineTest : public test::NetworkTest {
 protected:
  void SetUp() override {
    NetworkTest::SetUp();
    if (IsSkipped()) return;
    if (!has_program("ping")) GTEST_SKIP() << "no ping(8) here";
    network_ = std::make_unique<net::Network>(monitor_, pair());
    network_->up();
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

TEST_F(LinkEngineTest, RefusesWhatCannotBe) {
  Impairment wrong;
  wrong.delay = -1ms;
  EXPECT_THROW(start(wrong, {}), std::invalid_argument);
  start({}, {});
  EXPECT_THROW(engine_->set(0, Direction::uplink, wrong), std::invalid_argument);
  EXPECT_THROW(engine_->set(7, Direction::uplink, {}), std::invalid_argument);
  EXPECT_EQ(engine_->impairment(0, Direction::uplink), Impairment{});
  EXPECT_THROW(LinkEngine(monitor_, *network_, {{0, {}}, {0, {}}}), std::invalid_argument);
  EXPECT_FALSE(round_trips_ms("a", "b", 1).empty());
}

TEST_F(LinkEngineTest, CarriesManyLinks) {
  constexpr std::size_t kMany = 150;
  net::Topology many = pair();
  many.links.assign(kMany, many.links.front());
  network_ = std::make_unique<net::Network>(monitor_, many);
  network_->up();
  std::vector<EmulatedLink> links;
  for (std::size_t i = 0; i < kMany; ++i) links.push_back({i, {delayed(1ms), {}}});
  LinkEngine engine{monitor_, *network_, links};

  std::size_t reached = 0;
  for (const net::Interface& one : network_->interfaces()) {
    if (one.node != "b" || ++reached % 50 != 0) continue;  // some of them
    EXPECT_TRUE(succeeds(*network_, "a", ping(one.addresses.front().address.text())));
  }

  EXPECT_EQ(engine.counters().size(), kMany);
  EXPECT_GT(engine.counters().at(149).directions[0].fate.departed_packets, 0U);
  monitor_.stop();
  EXPECT_EQ(engine.counters().size(), kMany);
}

/// What is left when all is over.
class LinkEngineLifeTest : public test::MonitorTest {
 protected:
  struct Bed {
    ProcessMonitor monitor{MonitorOptions{.log = {}, .sandbox = true}};
    net::Network network{monitor, pair()};
    std::unique_ptr<LinkEngine> engine;

    void start() {
      network.up();
      engine = std::make_unique<LinkEngine>(monitor, network, std::vector<EmulatedLink>{{0, {delayed(1ms), {}}}});
    }
    void ping() { monitor.run_process({"ping", "-n", "-c", "1", "-W", "30", "b"}, {.place = network.place("a")}); }
  };
  static bool is_there(pid_t pid) { return ::kill(pid, 0) == 0; }
};

TEST_F(LinkEngineLifeTest, EndsWithItsObjectAndAnotherOneMayFollow) {
  Bed bed;
  bed.start();
  const pid_t first = bed.engine->pid();
  bed.engine.reset();
  EXPECT_FALSE(is_there(first));
  bed.engine = std::make_unique<LinkEngine>(bed.monitor, bed.network, std::vector<EmulatedLink>{{0, {}}});
  bed.ping();
}

TEST_F(LinkEngineLifeTest, WorksForAnOrdinaryUser) {
  test::as_nobody([] {
    Bed bed;
    bed.start();
    bed.ping();
    EXPECT_EQ(bed.engine->counters().at(0).directions[0].own_losses, 0U);
  });
}

TEST_F(LinkEngineLifeTest, EndsWithItsOwnerHoweverThatEnds) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t owner = ::fork();
  if (owner == 0) {
    Bed bed;
    bed.start();
    const pid_t engine = bed.engine->pid();
    if (::write(ends[1], &engine, sizeof engine) == sizeof engine) ::raise(SIGKILL);
    ::_exit(1);
  }
  test::Leftovers::also_look_for(owner);
  pid_t engine = 0;
  ASSERT_EQ(::read(ends[0], &engine, sizeof engine), static_cast<ssize_t>(sizeof engine));
  ASSERT_EQ(::waitpid(owner, nullptr, 0), owner);
  for (const int one : ends) ::close(one);

  EXPECT_TRUE(test::eventually([engine] { return !is_there(engine); }));
}

}  // namespace
}  // namespace dummynet::wire

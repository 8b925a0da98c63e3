#include "support/engine_test.hpp"

#include <utility>
#include <vector>

#include "support/waiting.hpp"

namespace dummynet::test {

void EngineTest::SetUp() {
  NetworkTest::SetUp();
  if (!IsSkipped()) make(topology());
}

net::Topology EngineTest::topology() {
  net::Topology topology;
  topology.nodes = {node("a"), node("b")};
  topology.links = {link(end("a"), end("b"))};
  topology.links.front().cut = true;
  return topology;
}

std::unique_ptr<net::Network> EngineTest::make_network(const net::Topology& topology) {
  auto network = std::make_unique<net::Network>(monitor_, topology);
  network->up();
  return network;
}

wire::LinkEngine& EngineTest::start(const wire::Impairment& uplink, const wire::Impairment& downlink,
                                    wire::EngineOptions options) {
  engine_.reset();
  engine_ = std::make_unique<wire::LinkEngine>(
      monitor_, *network_, std::vector<wire::EmulatedLink>{{0, {uplink, downlink}}}, std::move(options));
  return *engine_;
}

wire::DirectionCounters EngineTest::counters(wire::Direction direction) {
  return engine_->counters().at(0).directions.at(static_cast<std::size_t>(direction));
}

void EngineTest::await_sent(wire::Direction direction) {
  ASSERT_TRUE(eventually([&] {
    const wire::DirectionCounters now = counters(direction);
    return now.fate.queue_packets == 0 && now.lateness.count() >= now.fate.departed_packets;
  }));
}

void EngineTest::await_offered(wire::Direction direction, std::uint64_t bytes) {
  ASSERT_TRUE(eventually([&] { return counters(direction).fate.offered_bytes >= bytes; }));
}

}  // namespace dummynet::test

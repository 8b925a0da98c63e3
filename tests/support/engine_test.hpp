#pragma once

#include <cstdint>
#include <memory>

#include "dummynet/wire/link_engine.hpp"
#include "support/network_test.hpp"

namespace dummynet::test {

/// Two hosts, "a" and "b", and a link of which the engine has the ends.
class EngineTest : public NetworkTest {
 protected:
  void SetUp() override;

  /// The link's cable is cut.
  static net::Topology topology();
  /// Makes the network; before start().
  void make(const net::Topology& topology) { network_ = make_network(topology); }
  wire::LinkEngine& start(const wire::Impairment& uplink, const wire::Impairment& downlink = {},
                          wire::EngineOptions options = {});
  /// Of the one link.
  wire::DirectionCounters counters(wire::Direction direction);
  /// Waits until so many bytes have come to this direction since the engine's start. Not packets: neighbours look for
  /// each other when they like, with small ones.
  void await_offered(wire::Direction direction, std::uint64_t bytes);
  /// Waits until everything has been sent that was offered and is not lost.
  void await_sent(wire::Direction direction);

  std::unique_ptr<net::Network> make_network(const net::Topology& topology);

  std::unique_ptr<net::Network> network_;
  std::unique_ptr<wire::LinkEngine> engine_;
};

}  // namespace dummynet::test

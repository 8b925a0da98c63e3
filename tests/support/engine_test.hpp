#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/os/fd.hpp"
#include "dummynet/wire/link_engine.hpp"
#include "support/network_test.hpp"
#include "support/waiting.hpp"

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

/// Sends so many bytes over TCP from one node to the other; fails the test when they do not come as they were sent.
void transfer_tcp(ProcessMonitor& monitor, const net::Network& network, const std::string& from, const std::string& to,
                  std::size_t bytes);

/// Datagrams from one node to another, sent and received by this program itself.
class Datagrams {
 public:
  Datagrams(ProcessMonitor& monitor, const net::Network& network, const std::string& from, const std::string& to,
            net::IpFamily family = net::IpFamily::v4, const std::string& to_address = {});

  /// With its number in front; UDP payload of `bytes`, at least 8.
  void send(std::uint64_t number, std::size_t bytes);
  /// One large one, to be cut into datagrams of `segment` bytes: UDP_SEGMENT, udp(7). Each has the number `number`.
  void send_segmented(std::uint64_t number, std::size_t bytes, std::uint16_t segment);

  struct Datagram {
    std::uint64_t number = 0;
    std::size_t bytes = 0;
    bool intact = false;  ///< as it was sent
  };
  /// Sends one and waits for it, so that the nodes know each other's hardware address from now on. The engine carries.
  void meet();
  /// Waits for one.
  std::optional<Datagram> receive(std::chrono::milliseconds patience = kPatience);
  /// The next so many, by number.
  std::vector<std::uint64_t> receive_numbers(std::size_t count);
  const os::Fd& receiver() const noexcept { return receiver_; }

 private:
  os::Fd sender_;
  os::Fd receiver_;
  std::string payload_;
  std::string buffer_;
};

}  // namespace dummynet::test

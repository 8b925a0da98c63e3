#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/net/network.hpp"
#include "dummynet/os/fd.hpp"
#include "support/waiting.hpp"

namespace dummynet::test {

/// Sends so many bytes over TCP from one node to the other; fails the test when they do not come as they were sent.
/// `address`: of `to`, for one that is not its first.
void transfer_tcp(ProcessMonitor& monitor, const net::Network& network, const std::string& from, const std::string& to,
                  std::size_t bytes, net::IpFamily family = net::IpFamily::v4, const std::string& address = {});

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

#pragma once

#include <netinet/in.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/net/network.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet::test {

/// Numbered datagrams from one node to another, with the kernel's stamp of when each came.
class UdpProbe {
 public:
  static constexpr std::size_t kPayload = 958;  ///< with its headers a frame of 1000 bytes

  struct Received {
    std::uint32_t number = 0;
    std::chrono::nanoseconds at{0};  ///< on the clock of now()
    bool is_intact = false;          ///< all bytes are what was sent
  };
  using All = std::vector<Received>;

  /// Each knows the other's address when this returns: nothing may be lost yet.
  UdpProbe(ProcessMonitor& monitor, const net::Network& network, const std::string& from, const std::string& to);

  static std::chrono::nanoseconds now();
  void send(std::uint32_t number, std::size_t bytes = kPayload);
  /// So many in one call, each of kPayload bytes and with its number, as one frame where the link may be so: udp(7),
  /// UDP_SEGMENT.
  void send_as_one(std::uint32_t first, std::uint32_t count);

  /// What has come, in order, as soon as `enough` says so; fails the test after a minute.
  All receive_until(const std::function<bool(const All&)>& enough);
  All receive(std::size_t count);
  /// Until `is_idle` says that nothing waits on the way any more, and nothing has come for a tenth of a second then.
  All receive_the_rest(const std::function<bool()>& is_idle);

 private:
  void drain(All& all) const;

  os::Fd sender_;
  os::Fd receiver_;
  sockaddr_in to_{};
};

}  // namespace dummynet::test

#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dummynet/net/netlink.hpp"

namespace dummynet::net {

/// An interface as the kernel tells of it.
struct LinkState {
  std::uint32_t index = 0;
  std::string name;
  bool is_up = false;  ///< administratively: IFF_UP
  /// Up, with a carrier, and the kernel has noticed that: before, it silently drops what is sent.
  bool carries_packets = false;
};

/// What there is in the socket's network namespace. `node` is for errors.
std::vector<LinkState> list_links(NetlinkSocket& socket, const std::string& node);

/// Waits until these carry packets. A carrier is announced by a kernel thread, in microseconds on an idle machine.
/// Throws std::system_error with ETIMEDOUT after half a minute.
void await_carrier(NetlinkSocket& socket, std::span<const std::uint32_t> indices, const std::string& node);

}  // namespace dummynet::net

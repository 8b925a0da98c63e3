#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dummynet/core/ready.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet {

/// A TCP socket that listens, or a UDP socket that is bound and not connected.
struct Listener {
  std::uint64_t inode = 0;   ///< as in /proc/PID/fd: "socket:[INODE]"
  int family = 0;            ///< AF_INET or AF_INET6
  std::string address;       ///< "0.0.0.0", "::1"
  bool is_any = false;       ///< bound to every address
  bool is_loopback = false;  ///< reachable from its own node only; mapped IPv4 addresses (::ffff:127.0.0.1) count
  bool v6only = false;       ///< does not serve IPv4: IPV6_V6ONLY, or bound to an IPv6 address
  bool operator==(const Listener&) const = default;
};

/// Who listens on this port in the network namespace of `diag_socket`, a blocking NETLINK_SOCK_DIAG socket:
/// sock_diag(7). No connection is made. IPv4 is listed before IPv6; a machine without IPv6 has none of the latter.
/// Throws std::system_error, ENOENT where the kernel lacks inet_diag for this protocol. The kernel does the filtering,
/// but goes through all its listeners: some 25 µs with a few of them, some 150 µs with 2,000.
std::vector<Listener> find_listeners(const os::Fd& diag_socket, std::uint16_t port, ReadyListen::Protocol protocol);

/// "0.0.0.0:5201", "[::1]:80": for messages.
std::string to_string(const Listener& listener, std::uint16_t port);

}  // namespace dummynet

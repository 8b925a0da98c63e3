#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace dummynet {

/// A process that holds a socket.
struct SocketOwner {
  pid_t pid = 0;
  std::string command;  ///< its comm, up to 15 characters
  bool operator==(const SocketOwner&) const = default;
};

/// Which process has the socket with this inode number (from sock_diag(7)) open, as /proc of this program shows it:
/// first the candidates are asked, which costs some 10 µs each, then all others. Nothing when the holder is not to be
/// seen: another user's process, or one of a foreign PID namespace. With several holders: the first candidate, or else
/// one of the others.
std::optional<SocketOwner> find_socket_owner(std::uint64_t inode, std::span<const pid_t> candidates = {});

}  // namespace dummynet

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dummynet/os/fd.hpp"

namespace dummynet {

/// What a daemon says of itself: one datagram of sd_notify(3).
struct NotifyMessage {
  bool is_ready = false;              ///< READY=1
  bool is_stopping = false;           ///< STOPPING=1
  std::optional<std::string> status;  ///< STATUS=…: one line for people
  bool operator==(const NotifyMessage&) const = default;
};

/// Reads "NAME=value" lines; unknown names are left alone, of several STATUS the last counts. Pure.
NotifyMessage parse_notify_message(std::string_view datagram);

/// Listens for sd_notify(3).
class NotifySocket {
 public:
  /// Binds an AF_UNIX datagram socket to an abstract name nobody can guess: unix(7). Abstract names belong to a network
  /// namespace, so the socket must have been opened in the daemon's node. Throws std::system_error.
  explicit NotifySocket(os::Fd socket);

  /// The value for $NOTIFY_SOCKET: "@dummynet/…".
  const std::string& address() const noexcept { return address_; }
  /// Readable when receive() has something.
  int fd() const noexcept { return socket_.get(); }

  /// The next datagram, without waiting; nothing when there is none. Descriptors in it are closed, which is what
  /// sd_notify_barrier(3) waits for. Datagrams over 8 KiB are dropped.
  std::optional<NotifyMessage> receive();

 private:
  os::Fd socket_;
  std::string address_;
};

}  // namespace dummynet

#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dummynet/os/fd.hpp"

namespace dummynet::os {

/// Descriptors that travel with a message: SCM_RIGHTS, unix(7).
class FdList {
 public:
  static constexpr std::size_t kMax = 253;  ///< the kernel's own limit: SCM_MAX_FD

  void reserve(std::size_t count) { fds_.reserve(count); }
  void push_back(Fd fd) { fds_.push_back(std::move(fd)); }
  std::size_t size() const noexcept { return fds_.size(); }
  /// Once; nothing for a position that is not there.
  Fd take(std::size_t index) { return index < fds_.size() ? std::move(fds_[index]) : Fd{}; }
  const Fd& operator[](std::size_t index) const { return fds_.at(index); }

 private:
  std::vector<Fd> fds_;
};

/// A connected pair of SOCK_SEQPACKET sockets, close-on-exec: messages keep their bounds.
std::pair<Fd, Fd> make_message_sockets();

/// Sends one message. False when the socket is full (only with MSG_DONTWAIT in `flags`) or the other side is gone
/// (`errno` tells: EAGAIN or EPIPE, ECONNRESET). `about` is a process of ours: the receiver sees its pid in its own
/// terms, pid_namespaces(7); needs CAP_SYS_ADMIN in the sender's PID namespace.
bool send_message(int socket, std::string_view bytes, std::span<const int> fds = {}, int flags = 0,
                  std::optional<pid_t> about = {});

/// A received message; its bytes lie in the caller's buffer.
struct Received {
  std::string_view bytes;
  FdList fds;
  pid_t about = 0;  ///< the pid the sender named, translated; 0 without SO_PASSCRED
  bool truncated = false;
};

/// Receives one message. Nothing when there is none now (MSG_DONTWAIT); empty bytes: the other side is gone.
std::optional<Received> receive_message(int socket, std::span<char> buffer, int flags = 0);

}  // namespace dummynet::os

#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dummynet/os/fd.hpp"
#include "dummynet/os/message_socket.hpp"
#include "dummynet/wire/control.hpp"

namespace dummynet::wire {

struct ControlMessage {
  control::Type type{};
  std::string body;
  os::FdList fds;
};

/// One end of the socket between the owner and the engine. A body over kMaxInline bytes travels in an anonymous file,
/// whose descriptor comes last.
class ControlSocket {
 public:
  static constexpr std::size_t kMaxInline = 48U << 10U;
  static constexpr std::size_t kMaxBody = 64U << 20U;

  ControlSocket() = default;
  explicit ControlSocket(os::Fd socket) : socket_{std::move(socket)} {}

  /// Waits for room. False: the other end is gone. Throws std::length_error for a body over kMaxBody.
  bool send(control::Type type, std::string_view body, std::span<const int> fds = {});
  /// What is there now; nothing: none, or the other end is gone, see is_over(). What is malformed is thrown away.
  std::optional<ControlMessage> take();
  /// Waits for the next one. Nothing: the other end is gone, or `patience` is over.
  std::optional<ControlMessage> wait(std::chrono::milliseconds patience);
  bool is_over() const noexcept { return over_; }
  int fd() const noexcept { return socket_.get(); }
  void close() noexcept { socket_.reset(); }

 private:
  os::Fd socket_;
  std::string buffer_;
  bool over_ = false;
};

}  // namespace dummynet::wire

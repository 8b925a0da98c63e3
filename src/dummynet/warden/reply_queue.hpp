#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/os/fd.hpp"
#include "dummynet/warden/protocol.hpp"

namespace dummynet::warden {

/// What the owner is to be told, in order, without ever waiting for it: what its socket does not take is kept until
/// poll(2) says POLLOUT.
class ReplyQueue {
 public:
  /// `socket` must outlive the queue.
  explicit ReplyQueue(const os::Fd& socket) : socket_{socket} {}

  /// `about`: the process that the message is about, for the owner to see its pid in its own terms: SCM_CREDENTIALS of
  /// unix(7).
  template <typename Message>
  void put(Type type, std::uint32_t id, const Message& message, std::vector<os::Fd> fds, std::optional<pid_t> about) {
    if (closed_) return;
    write(writer_.begin(type, id), message);
    send_or_keep(std::move(fds), about);
  }
  void flush();
  bool are_waiting() const noexcept { return !waiting_.empty(); }

  /// Nobody listens any more: what is put is dropped. The queue finds out by itself when the owner is gone.
  void close() noexcept { closed_ = true; }
  bool is_closed() const noexcept { return closed_; }

 private:
  struct Reply {
    std::string bytes;
    std::optional<pid_t> about;
    std::vector<os::Fd> fds;
  };
  void send_or_keep(std::vector<os::Fd> fds, std::optional<pid_t> about);
  bool send(std::string_view bytes, const std::vector<os::Fd>& fds, std::optional<pid_t> about);

  const os::Fd& socket_;
  Writer writer_;
  std::deque<Reply> waiting_;
  bool closed_ = false;
};

}  // namespace dummynet::warden

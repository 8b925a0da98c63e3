#include "dummynet/core/notify_socket.hpp"

#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

#include "dummynet/os/check.hpp"

namespace dummynet {

namespace {

constexpr std::size_t kMaxDatagram = 8192;

std::string random_name() {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<unsigned char, 16> bytes{};
  os::check(::getrandom(bytes.data(), bytes.size(), 0), "getrandom");  // never short up to 256 bytes
  std::string name = "@dummynet/";
  for (const unsigned char byte : bytes) name += {kHex[byte >> 4U], kHex[byte & 15U]};
  return name;
}

}  // namespace

NotifyMessage parse_notify_message(std::string_view datagram) {
  constexpr std::string_view kStatus = "STATUS=";
  NotifyMessage message;
  while (!datagram.empty()) {
    const std::size_t end = std::min(datagram.find('\n'), datagram.size());
    const std::string_view line = datagram.substr(0, end);
    if (line == "READY=1") message.is_ready = true;
    if (line == "STOPPING=1") message.is_stopping = true;
    if (line.starts_with(kStatus)) message.status = line.substr(kStatus.size());
    datagram.remove_prefix(std::min(end + 1, datagram.size()));
  }
  return message;
}

NotifySocket::NotifySocket(os::Fd socket) : socket_{std::move(socket)}, address_{random_name()} {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  // "@" stands for the NUL that makes a name abstract.
  std::copy(address_.begin() + 1, address_.end(), name.sun_path + 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  os::check(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&name), size), "bind", address_);
}

std::optional<NotifyMessage> NotifySocket::receive() {
  for (;;) {
    std::array<char, kMaxDatagram> datagram;
    const ssize_t got = ::recv(socket_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && errno == EAGAIN) return std::nullopt;
    if (got < 0 && errno == EINTR) continue;
    const auto size = static_cast<std::size_t>(os::check(got, "recv", address_));
    if (size <= datagram.size()) return parse_notify_message({datagram.data(), size});
  }
}

}  // namespace dummynet

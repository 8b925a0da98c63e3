#include "dummynet/wire/control_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <vector>

#include "dummynet/os/anonymous_file.hpp"
#include "dummynet/os/check.hpp"

namespace dummynet::wire {

namespace {

constexpr char kInFile = '\1';
constexpr std::size_t kHeader = 2;  // type, where the body is

std::optional<std::string> read_whole(const os::Fd& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || status.st_size < 0) return std::nullopt;
  if (static_cast<std::size_t>(status.st_size) > ControlSocket::kMaxBody) return std::nullopt;
  std::string body(static_cast<std::size_t>(status.st_size), '\0');
  for (std::size_t done = 0; done < body.size();) {
    const ssize_t count = ::pread(file.get(), body.data() + done, body.size() - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    done += static_cast<std::size_t>(count);
  }
  return body;
}

}  // namespace

bool ControlSocket::send(control::Type type, std::string_view body, std::span<const int> fds) {
  if (body.size() > kMaxBody) throw std::length_error{"too much for the link engine in one message"};
  std::string message{static_cast<char>(type), '\0'};
  if (body.size() <= kMaxInline) {
    message.append(body);
    return os::send_message(socket_.get(), message, fds);
  }
  message[1] = kInFile;
  const os::Fd file = os::make_anonymous_file("dummynet-control", body);
  std::vector<int> all(fds.begin(), fds.end());
  all.push_back(file.get());
  return os::send_message(socket_.get(), message, all);
}

std::optional<ControlMessage> ControlSocket::take() {
  buffer_.resize(kHeader + kMaxInline);
  while (!over_) {
    auto received = os::receive_message(socket_.get(), buffer_, MSG_DONTWAIT);
    if (!received) return std::nullopt;
    if (received->bytes.empty()) {
      over_ = true;
      return std::nullopt;
    }
    if (received->truncated || received->bytes.size() < kHeader) continue;
    ControlMessage message;
    message.type = static_cast<control::Type>(received->bytes[0]);
    const bool in_file = received->bytes[1] == kInFile;
    message.fds = std::move(received->fds);
    if (!in_file) {
      message.body = received->bytes.substr(kHeader);
      return message;
    }
    if (message.fds.size() == 0) continue;
    auto body = read_whole(message.fds.take(message.fds.size() - 1));
    if (!body) continue;
    message.body = std::move(*body);
    return message;
  }
  return std::nullopt;
}

std::optional<ControlMessage> ControlSocket::wait(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    if (auto message = take()) return message;
    if (over_) return std::nullopt;
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (rest.count() <= 0) return std::nullopt;
    pollfd watch{socket_.get(), POLLIN, 0};
    if (::poll(&watch, 1, static_cast<int>(rest.count())) < 0 && errno != EINTR) os::throw_errno(errno, "poll");
  }
}

}  // namespace dummynet::wire

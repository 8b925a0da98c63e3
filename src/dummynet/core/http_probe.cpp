#include "dummynet/core/http_probe.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <exception>
#include <system_error>

namespace dummynet {

namespace {

constexpr std::size_t kMaxStatusLine = 8192;

std::string error_text(int error_number) { return std::system_category().message(error_number); }

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress make_address(const HttpUrl::Address& address, std::uint16_t port) {
  SocketAddress made;
  if (address.family == AF_INET) {
    auto& name = reinterpret_cast<sockaddr_in&>(made.storage);
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    ::inet_pton(AF_INET, address.text.c_str(), &name.sin_addr);
    made.size = sizeof name;
  } else {
    auto& name = reinterpret_cast<sockaddr_in6&>(made.storage);
    name.sin6_family = AF_INET6;
    name.sin6_port = htons(port);
    ::inet_pton(AF_INET6, address.text.c_str(), &name.sin6_addr);
    made.size = sizeof name;
  }
  return made;
}

}  // namespace

std::optional<int> parse_http_status(std::string_view line) {
  // "HTTP/" digit "." digit SP three digits, then a blank or the end: RFC 9112.
  const auto is_digit = [&](std::size_t at) { return line[at] >= '0' && line[at] <= '9'; };
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.size() < 12 || !line.starts_with("HTTP/") || line[6] != '.' || line[8] != ' ') return std::nullopt;
  for (const std::size_t at : {5U, 7U, 9U, 10U, 11U}) {
    if (!is_digit(at)) return std::nullopt;
  }
  if (line.size() > 12 && line[12] != ' ') return std::nullopt;
  return (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
}

HttpProbe::HttpProbe(Poller& poller, HttpUrl url, OpenSocket open_socket, Done done, std::chrono::nanoseconds patience)
    : poller_{poller},
      url_{std::move(url)},
      open_socket_{std::move(open_socket)},
      done_{std::move(done)},
      patience_{patience} {
  deadline_ = poller_.add_deadline(Clock::now(), [this] { try_address(); });
}

HttpProbe::~HttpProbe() { hang_up(); }

void HttpProbe::hang_up() {
  if (watch_) poller_.remove(*watch_);
  if (deadline_) poller_.remove(*deadline_);
  watch_.reset();
  deadline_.reset();
  socket_.reset();
}

std::string HttpProbe::where() const {
  const HttpUrl::Address& address = url_.addresses[address_];
  const std::string host = address.family == AF_INET6 ? '[' + address.text + ']' : address.text;
  return host + ':' + std::to_string(url_.port);
}

void HttpProbe::try_address() {
  deadline_.reset();
  if (address_ == url_.addresses.size()) return finish();
  connected_ = false;
  received_.clear();
  request_ = "GET " + url_.target + " HTTP/1.0\r\nHost: " + url_.authority + "\r\nUser-Agent: dummynet\r\n\r\n";
  try {
    socket_ = open_socket_(url_.addresses[address_].family);
  } catch (const std::exception& error) {
    return next_address(error.what());
  }
  if (!socket_) return next_address("no socket");
  connect();
}

void HttpProbe::connect() {
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK) != 0) return next_address(error_text(errno));
  const SocketAddress to = make_address(url_.addresses[address_], url_.port);
  const int result = ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.size);
  // EINTR: the attempt goes on by itself, as with EINPROGRESS.
  if (result != 0 && errno != EINPROGRESS && errno != EINTR) return next_address(error_text(errno));
  watch_ = poller_.add(socket_.get(), EPOLLOUT, [this](std::uint32_t events) { on_event(events); });
  deadline_ = poller_.add_deadline(Clock::now() + patience_, [this] {
    deadline_.reset();
    next_address(connected_ ? "no answer in time" : "no connection in time");
  });
}

void HttpProbe::on_event(std::uint32_t events) {
  if (!connected_) {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return next_address(error_text(error));
    if ((events & EPOLLOUT) == 0) return;
    connected_ = true;
  }
  if (!request_.empty()) return send_request();
  read_status();
}

void HttpProbe::send_request() {
  const ssize_t sent = ::send(socket_.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (sent < 0) return next_address(error_text(errno));
  request_.erase(0, static_cast<std::size_t>(sent));
  if (request_.empty()) poller_.modify(*watch_, EPOLLIN);
}

void HttpProbe::read_status() {
  std::array<char, 1024> piece;
  const ssize_t got = ::recv(socket_.get(), piece.data(), piece.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) return next_address(error_text(errno));
  if (got == 0) return next_address("the connection was closed without an answer");
  received_.append(piece.data(), static_cast<std::size_t>(got));
  const std::size_t end = received_.find('\n');
  if (end == std::string::npos) {
    if (received_.size() > kMaxStatusLine) next_address("the answer is not HTTP");
    return;
  }
  const std::optional<int> status = parse_http_status(std::string_view{received_}.substr(0, end));
  if (!status) return next_address("the answer is not HTTP");
  answer_.status = *status;
  answer_.is_ok = *status >= 200 && *status <= 399;
  next_address("status " + std::to_string(*status));
}

void HttpProbe::next_address(const std::string& reason) {
  answer_.reason += (answer_.reason.empty() ? "" : "; ") + where() + ": " + reason;
  hang_up();
  ++address_;
  if (answer_.is_ok) return finish();
  // In an own turn of the poller: a callback that opens sockets does not belong into this one's stack.
  deadline_ = poller_.add_deadline(Clock::now(), [this] { try_address(); });
}

void HttpProbe::finish() {
  hang_up();
  const Done done = std::move(done_);
  const HttpAnswer answer = std::move(answer_);
  done(answer);  // may destroy this
}

}  // namespace dummynet

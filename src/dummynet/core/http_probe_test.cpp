#include "dummynet/core/http_probe.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <stdexcept>
#include <thread>

namespace dummynet {
namespace {

using namespace std::chrono_literals;

os::Fd open_tcp(int family) { return os::Fd{::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)}; }

/// A server on the loopback that accepts one connection, notes the request and answers with `reply` in small pieces.
class Server {
 public:
  explicit Server(std::string reply, bool answers = true) : listener_{open_tcp(AF_INET)} {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
    socklen_t size = sizeof name;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&name), &size);
    port_ = ntohs(name.sin_port);
    if (answers) thread_ = std::thread{[this, reply = std::move(reply)] { serve(reply); }};
  }
  ~Server() { join(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string url(const char* host, const char* target) const {
    return std::string{"http://"} + host + ':' + std::to_string(port_) + target;
  }
  std::uint16_t port() const { return port_; }
  /// Complete when the probe is done.
  const std::string& request() {
    join();
    return request_;
  }

 private:
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  void serve(const std::string& reply) {
    const os::Fd connection{::accept(listener_.get(), nullptr, nullptr)};
    char piece[256];
    while (request_.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = ::recv(connection.get(), piece, sizeof piece, 0);
      if (got <= 0) return;
      request_.append(piece, static_cast<std::size_t>(got));
    }
    for (const char c : reply) ::send(connection.get(), &c, 1, MSG_NOSIGNAL);
  }

  os::Fd listener_;
  std::uint16_t port_ = 0;
  std::string request_;
  std::thread thread_;
};

HttpAnswer probe(const std::string& url, const HttpProbe::OpenSocket& open = open_tcp,
                 std::chrono::nanoseconds patience = 30s) {
  Poller poller;
  std::optional<HttpAnswer> answer;
  const HttpProbe one{poller, parse_http_url(url), open, [&](const HttpAnswer& found) { answer = found; }, patience};
  EXPECT_FALSE(answer) << "called from the constructor";
  const auto deadline = Clock::now() + 60s;
  while (!answer && Clock::now() < deadline) poller.poll(1s);
  return answer.value_or(HttpAnswer{false, 0, "the test's deadline"});
}

TEST(HttpProbe, IsOkWhenTheServerAnswers) {
  Server server{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};

  const HttpAnswer answer = probe(server.url("127.0.0.1", "/health?x=1"));

  EXPECT_TRUE(answer.is_ok) << answer.reason;
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(server.request(), "GET /health?x=1 HTTP/1.0\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                                  "\r\nUser-Agent: dummynet\r\n\r\n");
}

TEST(HttpProbe, TakesARedirectionForReady) {
  Server server{"HTTP/1.0 302 Found\r\n\r\n"};

  EXPECT_TRUE(probe(server.url("127.0.0.1", "/")).is_ok);
}

TEST(HttpProbe, IsNotOkWithAServersError) {
  Server server{"HTTP/1.1 503 Service Unavailable\r\n\r\n"};

  const HttpAnswer answer = probe(server.url("127.0.0.1", "/"));

  EXPECT_FALSE(answer.is_ok);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.reason, "127.0.0.1:" + std::to_string(server.port()) + ": status 503");
}

TEST(HttpProbe, TriesBothLoopbacksForLocalhost) {
  Server server{"HTTP/1.1 404 Not Found\r\n\r\n"};

  const HttpAnswer answer = probe(server.url("localhost", "/"));

  EXPECT_EQ(answer.status, 404);
  EXPECT_NE(answer.reason.find("127.0.0.1:"), std::string::npos) << answer.reason;
  EXPECT_NE(answer.reason.find("; [::1]:"), std::string::npos) << answer.reason;
}

TEST(HttpProbe, IsRefusedByAClosedPort) {
  // Bound and not listening: nobody else can take the port meanwhile.
  const os::Fd holder = open_tcp(AF_INET);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(holder.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  socklen_t size = sizeof name;
  ASSERT_EQ(::getsockname(holder.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);

  const HttpAnswer answer = probe("http://127.0.0.1:" + std::to_string(ntohs(name.sin_port)));

  EXPECT_FALSE(answer.is_ok);
  EXPECT_EQ(answer.status, 0);
  EXPECT_NE(answer.reason.find("Connection refused"), std::string::npos) << answer.reason;
}

TEST(HttpProbe, IsNotOkWhenNobodyAnswersInTime) {
  Server server{"", false};  // the kernel completes the connection, the server never takes it

  const HttpAnswer answer = probe(server.url("127.0.0.1", "/"), open_tcp, 50ms);

  EXPECT_FALSE(answer.is_ok);
  EXPECT_NE(answer.reason.find("no answer in time"), std::string::npos) << answer.reason;
}

TEST(HttpProbe, IsNotOkWhenTheConnectionIsClosed) {
  Server server{""};

  EXPECT_NE(probe(server.url("127.0.0.1", "/")).reason.find("closed without an answer"), std::string::npos);
}

TEST(HttpProbe, IsNotOkWhenTheAnswerIsNotHttp) {
  Server talkative{"220 mail.example ESMTP\r\n"};
  EXPECT_NE(probe(talkative.url("127.0.0.1", "/")).reason.find("not HTTP"), std::string::npos);
  Server endless{std::string(10'000, 'x')};
  EXPECT_NE(probe(endless.url("127.0.0.1", "/")).reason.find("not HTTP"), std::string::npos);
}

TEST(HttpProbe, TellsWhyThereIsNoSocket) {
  const HttpAnswer answer =
      probe("http://127.0.0.1/", [](int) -> os::Fd { throw std::runtime_error{"the warden is gone"}; });

  EXPECT_FALSE(answer.is_ok);
  EXPECT_EQ(answer.reason, "127.0.0.1:80: the warden is gone");
}

TEST(HttpProbe, MayBeDestroyedByItsOwnAnswer) {
  Poller poller;
  Server server{"HTTP/1.1 200 OK\r\n\r\n"};
  bool answered = false;
  std::unique_ptr<HttpProbe> one;
  one = std::make_unique<HttpProbe>(poller, parse_http_url(server.url("127.0.0.1", "/")), open_tcp,
                                    [&](const HttpAnswer& answer) {
                                      one.reset();
                                      answered = answer.is_ok;
                                    });

  const auto deadline = Clock::now() + 60s;
  while (!answered && Clock::now() < deadline) poller.poll(1s);

  EXPECT_TRUE(answered);
  EXPECT_EQ(one, nullptr);
}

TEST(HttpProbe, CallsNobodyWhenItIsDropped) {
  Poller poller;
  Server server{"", false};
  bool called = false;
  std::optional<HttpProbe> one;
  one.emplace(poller, parse_http_url(server.url("127.0.0.1", "/")), open_tcp,
              [&](const HttpAnswer&) { called = true; });
  poller.poll(1s);

  one.reset();

  EXPECT_EQ(poller.poll(0ns), 0U);
  EXPECT_FALSE(called);
}

TEST(HttpStatus, IsReadStrictly) {
  EXPECT_EQ(parse_http_status("HTTP/1.1 204"), 204);
  EXPECT_EQ(parse_http_status("HTTP/1.0 200 OK\r"), 200);
  for (const char* bad : {"", "HTTP/1.1", "HTTP/1.1 20", "HTTP/1.1 2000", "HTTP/11 200 OK", "http/1.1 200 OK",
                          "HTTP/1.1  200 OK", "HTTP/1.1 2x0 OK", "ICY 200 OK then"}) {
    EXPECT_EQ(parse_http_status(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace dummynet

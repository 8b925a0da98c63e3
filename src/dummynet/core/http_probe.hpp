#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "dummynet/core/http_url.hpp"
#include "dummynet/core/poller.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet {

/// How one GET ended.
struct HttpAnswer {
  bool is_ok = false;  ///< some address answered with a status of 200 to 399
  int status = 0;      ///< of the last address that answered; 0: none did
  std::string reason;  ///< for people: "127.0.0.1:80: Connection refused; [::1]:80: status 503"
};

/// Asks a server once, without blocking: connects to the addresses of a URL, one after the other, sends an HTTP/1.0 GET
/// (RFC 1945) and reads no further than the status line. Ask again by making a new one.
class HttpProbe {
 public:
  /// Opens a TCP socket of this family where the server lives; an invalid one or an exception counts as that address's
  /// failure.
  using OpenSocket = std::function<os::Fd(int family)>;
  /// Called exactly once from poller.poll(), never from the constructor. It may destroy the probe.
  using Done = std::function<void(const HttpAnswer&)>;

  /// Each address gets at most `patience` (> 0) to answer. The poller must outlive the probe.
  HttpProbe(Poller& poller, HttpUrl url, OpenSocket open_socket, Done done,
            std::chrono::nanoseconds patience = std::chrono::seconds{5});
  /// Drops what is under way; nobody is called.
  ~HttpProbe();
  HttpProbe(const HttpProbe&) = delete;
  HttpProbe& operator=(const HttpProbe&) = delete;

 private:
  void try_address();
  void connect();
  void on_event(std::uint32_t events);
  void send_request();
  void read_status();
  void next_address(const std::string& reason);
  void hang_up();
  void finish();
  std::string where() const;

  Poller& poller_;
  HttpUrl url_;
  OpenSocket open_socket_;
  Done done_;
  std::chrono::nanoseconds patience_;

  std::size_t address_ = 0;
  os::Fd socket_;
  std::optional<Poller::Id> watch_;
  std::optional<Poller::Id> deadline_;
  bool connected_ = false;
  std::string request_;  // what is still to be sent
  std::string received_;
  HttpAnswer answer_;
};

/// The status of "HTTP/1.1 200 OK", or nothing if that is no status line.
std::optional<int> parse_http_status(std::string_view line);

}  // namespace dummynet

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

#include "dummynet/core/command.hpp"

namespace dummynet {

/// When a daemon counts as serving. Every condition ends at once when its process dies.

/// A socket of the process's own tree listens (tcp) or is bound (udp) on this port, found through sock_diag(7) in
/// the node, without connecting. IPv4 and IPv6 are both asked.
struct ReadyListen {
  enum class Protocol { tcp, udp };
  std::uint16_t port = 0;
  Protocol protocol = Protocol::tcp;
  bool operator==(const ReadyListen&) const = default;
};
/// Some line of its output (either stream) contains a match of this regular expression (RE2 syntax).
struct ReadyLog {
  std::string regex;
  bool operator==(const ReadyLog&) const = default;
};
/// This command, run at the same place, exits with 0.
struct ReadyExec {
  Command command = std::string{};
  bool operator==(const ReadyExec&) const = default;
};
/// This file exists (relative to the process's working directory), whatever it holds.
struct ReadyFile {
  std::string path;
  bool operator==(const ReadyFile&) const = default;
};
/// GET of this URL (http only; the host a literal address or `localhost`) answers with a status of 200 to 399.
struct ReadyHttp {
  std::string url;
  bool operator==(const ReadyHttp&) const = default;
};
/// It says READY=1 on $NOTIFY_SOCKET: sd_notify(3).
struct ReadyNotify {
  bool operator==(const ReadyNotify&) const = default;
};

struct Ready {
  std::variant<ReadyListen, ReadyLog, ReadyExec, ReadyFile, ReadyHttp, ReadyNotify> condition;
  std::chrono::nanoseconds timeout = std::chrono::seconds{10};  ///< > 0; over: TimeoutError, and the tree is ended
  bool operator==(const Ready&) const = default;

  static Ready listen(std::uint16_t port, ReadyListen::Protocol protocol = ReadyListen::Protocol::tcp) {
    return {ReadyListen{port, protocol}};
  }
  static Ready log(std::string regex) { return {ReadyLog{std::move(regex)}}; }
  static Ready exec(Command command) { return {ReadyExec{std::move(command)}}; }
  static Ready file(std::string path) { return {ReadyFile{std::move(path)}}; }
  static Ready http(std::string url) { return {ReadyHttp{std::move(url)}}; }
  static Ready notify() { return {ReadyNotify{}}; }
};

/// "tcp port 5201 to listen", "a line that matches /ready/", …: what is being waited for.
std::string to_string(const Ready& ready);

}  // namespace dummynet

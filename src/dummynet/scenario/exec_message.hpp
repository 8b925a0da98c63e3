#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dummynet::scenario {

/// What `dummynet exec` and the owner of a run say to each other over the socket in the run's directory; one message
/// each a datagram. The reader trusts nothing.

/// Asks for a process. With three descriptors: its standard streams.
struct ExecRequest {
  std::string node{};
  std::vector<std::string> command{};
  std::vector<std::string> environment{};  ///< "NAME=value"
  std::string cwd{};
  std::string user{};
  bool terminal = false;  ///< its standard streams are a terminal of its own
  bool operator==(const ExecRequest&) const = default;
};

/// Afterwards, from either side.
struct ExecNews {
  enum class Kind : char {
    started = 's',
    refused = 'r',  ///< `number`: the exit code for it; `text` says why
    ended = 'e',    ///< `number`: the exit code as a shell would say it
    signal = 'k',   ///< to the owner: send this one to the process
  };
  Kind kind{};
  int number = 0;
  std::string text{};
  bool operator==(const ExecNews&) const = default;
};

std::string to_bytes(const ExecRequest& request);
std::string to_bytes(const ExecNews& news);
std::optional<ExecRequest> parse_exec_request(std::string_view bytes);
std::optional<ExecNews> parse_exec_news(std::string_view bytes);

/// Longer ones are not sent.
inline constexpr std::size_t kMaxExecBytes = 128U << 10U;

}  // namespace dummynet::scenario

#pragma once

#include <string>

#include "dummynet/os/fd.hpp"
#include "dummynet/scenario/run_facts.hpp"

namespace dummynet::scenario {

inline constexpr const char* kFactsFile = "facts.json";
inline constexpr const char* kSocketFile = "socket";

/// A name for a new run: "two-hosts-20261123T070141Z-4711". Holds nothing that a path or a shell would stumble over.
std::string new_run_name(const std::string& scenario);

/// Where others of this user find a run while it lasts: a private directory with its facts and a socket.
///
///     $XDG_RUNTIME_DIR/dummynet/RUN     or, where that is not set or not ours,     /tmp/dummynet-UID/RUN
class RunDirectory {
 public:
  /// Where that of this run will be. Nothing is made yet: name it to the monitor first (MonitorOptions::directory), so
  /// that it goes even if this program is killed.
  static std::string place(const std::string& run);

  /// Makes it, writes the facts, and listens. Throws std::system_error, also when it is there already, or when what
  /// lies above it was laid out by somebody else.
  RunDirectory(std::string path, const RunFacts& facts);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::string& path() const noexcept { return path_; }
  /// Non-blocking; SOCK_SEQPACKET.
  const os::Fd& listener() const noexcept { return listener_; }

 private:
  std::string path_;
  os::Fd listener_;
};

/// Connects to the socket in a run's directory; an empty Fd when nobody listens there any more.
os::Fd connect_to_run(const os::Fd& directory);

}  // namespace dummynet::scenario

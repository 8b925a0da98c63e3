#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/os/message_socket.hpp"
#include "dummynet/scenario/exec_message.hpp"

namespace dummynet::scenario {

/// Starts processes in the nodes of a run for those who ask at its socket (`dummynet exec`): this user and root. They
/// are bystanders: the verdict is not theirs, and they end with the run. Serves from within the monitor's events.
class ExecServer {
 public:
  struct Run {
    std::vector<std::string> nodes{};
    /// Place and environment for a process on this node; throws std::logic_error while there is no network yet.
    std::function<RunOptions(const std::string& node)> options{};
    /// Somebody starts this: for the log of the run.
    std::function<void(const std::string& message)> note{};
  };
  /// Monitor and listener must outlive it.
  ExecServer(ProcessMonitor& monitor, const os::Fd& listener, Run run);
  ~ExecServer();
  ExecServer(const ExecServer&) = delete;
  ExecServer& operator=(const ExecServer&) = delete;

 private:
  struct Visit {
    os::Fd socket;
    Poller::Id watch = 0;
    ProcessHandle process;
    bool asked = false;
  };
  void accept();
  void receive(std::uint64_t number);
  void start(std::uint64_t number, const ExecRequest& request, os::FdList& fds);
  ProcessHandle start_process(std::uint64_t number, const ExecRequest& request, const os::FdList& fds);
  void hang_up(std::uint64_t number);
  void say(std::uint64_t number, const ExecNews& news);

  ProcessMonitor& monitor_;
  const os::Fd& listener_;
  Run run_;
  Poller::Id watch_ = 0;
  std::map<std::uint64_t, Visit> visits_;
  std::uint64_t last_ = 0;
};

/// As a shell would say it: the exit code, or 128 + the signal.
int shell_code(const Ending& ending);

}  // namespace dummynet::scenario

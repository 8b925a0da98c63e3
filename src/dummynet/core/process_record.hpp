#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dummynet/core/capture.hpp"
#include "dummynet/core/monitor.hpp"
#include "dummynet/core/process.hpp"
#include "dummynet/core/run_options.hpp"
#include "dummynet/core/user.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet {

class MonitorState;
class Readiness;
class WardenProcess;

/// The reading end of one output stream.
struct OutputChannel {
  explicit OutputChannel(Stream which, std::uint64_t capture_limit_bytes) : stream{which}, kept{capture_limit_bytes} {}

  Stream stream;
  os::Fd fd;
  Poller::Id watch = 0;
  CaptureBuffer kept;
  LineSplitter lines;      // for on_line
  LineSplitter log_lines;  // for Ready::log
  std::string held_back;   // the beginning of a UTF-8 character, up to 3 bytes
  bool grown = false;      // the pipe was made larger because it was found full
};

/// The writing end of standard input.
struct InputChannel {
  os::Fd fd;
  Poller::Id watch = 0;
  std::string queue;
  std::size_t sent = 0;
  bool close_when_sent = false;
};

/// Everything the monitor knows about one process; Process is its door.
class ProcessRecord {
 public:
  ProcessRecord(MonitorState& its_monitor, WardenProcess& its_warden, const RunOptions& its_options);
  ~ProcessRecord();
  ProcessRecord(const ProcessRecord&) = delete;
  ProcessRecord& operator=(const ProcessRecord&) = delete;

  MonitorState* monitor;  // null once the monitor is gone
  WardenProcess* warden;
  RunOptions options;
  RunInfo info;
  std::uint32_t id = 0;     // what the warden calls it
  std::uint64_t order = 0;  // of starting
  Identity identity;        // who it is to be

  OutputChannel out;
  OutputChannel err;
  InputChannel input;
  Clock::time_point last_output{};

  // Who it is for.
  bool blocking = false;  // run_process waits for it and tells its failure
  bool internal = false;  // a probe of ours: no client, no failure
  // How far it is.
  bool started = false;
  bool leader_ended = false;
  bool tree_gone = false;
  bool drained = false;   // what the drain rule grants is over
  bool finished = false;  // ended, and all its output delivered
  bool kill_sent = false;
  std::string ready_failure;  // why it was not ready in time

  Poller::Id timeout = 0;
  Poller::Id drain = 0;
  Poller::Id escalation = 0;  // from the stop signal to SIGKILL
  std::unique_ptr<Readiness> readiness;
  std::vector<std::string> notices;

  OutputChannel& channel(Stream stream) { return stream == Stream::out ? out : err; }
};

}  // namespace dummynet

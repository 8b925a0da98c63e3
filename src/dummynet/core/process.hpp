#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/core/process_handle.hpp"
#include "dummynet/core/run_info.hpp"

namespace dummynet {

class ProcessRecord;

/// One process that a ProcessMonitor started: ProcessMonitor::Process.
class Process {
 public:
  explicit Process(std::unique_ptr<ProcessRecord> record);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Looks for news first, so that the answer is true now; reports no failure and calls nobody back.
  bool is_running();
  bool is_ready() const;

  /// Ends its tree, like ProcessMonitor::stop_process_async.
  void stop(std::chrono::nanoseconds timeout = std::chrono::seconds{1});

  /// Sends a signal to the leader, or to its whole tree. False when it has ended.
  bool signal(int number, bool whole_tree = false);

  /// A snapshot; while it runs, memory and CPU time are asked anew.
  RunInfo info() const;
  const std::string& name() const;
  pid_t pid() const;

  /// With InputPipe: queues bytes for its standard input; they are written as fast as it reads.
  void write_input(std::string_view bytes);
  /// End of file after what is queued.
  void close_input();

  /// What was asked and could not be had, in plain words, e.g. a memory limit without a cgroup controller.
  std::vector<std::string> notices() const;

  ProcessRecord& record() noexcept { return *record_; }
  const ProcessRecord& record() const noexcept { return *record_; }

 private:
  std::unique_ptr<ProcessRecord> record_;
};

}  // namespace dummynet

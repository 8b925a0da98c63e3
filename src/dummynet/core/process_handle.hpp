#pragma once

#include <memory>
#include <utility>

namespace dummynet {

class Process;

/// Names one started process. Cheap to copy; may outlive its monitor, the process is then over.
class ProcessHandle {
 public:
  ProcessHandle() noexcept = default;
  explicit ProcessHandle(std::shared_ptr<Process> process) noexcept : process_{std::move(process)} {}

  /// Throws std::logic_error when empty.
  Process& operator*() const;
  Process* operator->() const { return &**this; }
  explicit operator bool() const noexcept { return process_ != nullptr; }
  bool operator==(const ProcessHandle&) const = default;

 private:
  std::shared_ptr<Process> process_;  // shared: the monitor drops a process at its end, its holders may still ask it
};

}  // namespace dummynet

#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "dummynet/core/run_info.hpp"

namespace dummynet {

/// All that this library throws about processes and runs; the kernel's refusals are std::system_error.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// "server (iperf3 --server)": how messages name a process.
std::string subject(const RunInfo& info);
/// The last lines of both streams and what was left of the tree, each on lines of their own: the end of a message.
std::string output_tail(const RunInfo& info);

/// A promise about one process broke; `info()` says everything about that process.
class ProcessError : public Error {
 public:
  ProcessError(const std::string& what, RunInfo info) : Error{what}, info_{std::move(info)} {}
  const RunInfo& info() const noexcept { return info_; }

 private:
  RunInfo info_;
};

/// It ended, and not with 0.
class RunInfoError : public ProcessError {
 public:
  explicit RunInfoError(RunInfo info);
};

/// It ran longer than its `timeout`, or was not ready in time. Its tree is gone.
class TimeoutError : public ProcessError {
 public:
  /// `what` goes on from the process's name: "ran longer than its timeout of 2s". The output's end is added.
  TimeoutError(const std::string& what, RunInfo info);
};

/// A daemon ended by itself while it should have stayed; its exit code does not matter.
class DaemonExitError : public ProcessError {
 public:
  explicit DaemonExitError(RunInfo info);
};

/// The output does not hold what was asked for.
class MatchError : public ProcessError {
 public:
  MatchError(const std::string& what, RunInfo info) : ProcessError{what, std::move(info)} {}
};

/// Only daemons were started: such a run would never end.
class NoProcessesError : public Error {
 public:
  NoProcessesError();
};

/// A process could not be started. The fields are the same for a shell line and for a vector.
class StartError : public Error {
 public:
  /// What was being done when the kernel refused.
  enum class Step {
    argument,  ///< the request itself: an empty command, a NUL in an argument …
    cgroup,
    limits,
    namespaces,
    identity,
    working_directory,
    input_output,
    memory,
    clone,
    execute,
    sudo,
    warden
  };
  StartError(Step step, std::string object, int error_number, const std::string& command,
             const std::string& detail = {});

  Step step() const noexcept { return step_; }
  /// The program, directory or file the step was about.
  const std::string& object() const noexcept { return object_; }
  /// errno(3); 0 where the kernel was not asked.
  int error_number() const noexcept { return error_number_; }

 private:
  Step step_;
  std::string object_;
  int error_number_;
};
std::string_view to_string(StartError::Step step);

/// Several facts at once, in the order in which the processes were started.
class GroupError : public Error {
 public:
  explicit GroupError(std::vector<std::exception_ptr> errors);

  const std::vector<std::exception_ptr>& errors() const noexcept { return errors_; }

  /// All errors of type T (or derived from it). The copies hold their RunInfo.
  template <typename T>
  std::vector<T> find() const {
    std::vector<T> found;
    for (const std::exception_ptr& error : errors_) {
      try {
        std::rethrow_exception(error);
      } catch (const T& match) {
        found.push_back(match);
      } catch (...) {  // NOLINT(bugprone-empty-catch): another type is simply not what was asked for
      }
    }
    return found;
  }

 private:
  std::vector<std::exception_ptr> errors_;
};

/// `what()` of any exception.
std::string describe(const std::exception_ptr& error);

}  // namespace dummynet

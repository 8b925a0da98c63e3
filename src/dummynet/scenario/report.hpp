#pragma once

#include <chrono>
#include <string_view>

#include "dummynet/core/run_info.hpp"
#include "dummynet/core/run_options.hpp"
#include "dummynet/scenario/planner.hpp"
#include "dummynet/scenario/result.hpp"

namespace dummynet::scenario {

/// Is told what happens in a run, as it happens. Called from within callbacks of the monitor: must not throw, must not
/// block for long.
class Report {
 public:
  virtual ~Report() = default;

  virtual void run_started(const Plan& plan) = 0;
  virtual void process_started(const PlannedProcess& process) = 0;
  /// `after` counts from its start.
  virtual void process_ready(const PlannedProcess& process, std::chrono::nanoseconds after) = 0;
  virtual void output(const PlannedProcess& process, const OutputLine& line) = 0;
  virtual void process_ended(const PlannedProcess& process, const RunInfo& info) = 0;
  /// It has been carried out.
  virtual void event(const PlannedEvent& event) = 0;
  /// What is worth knowing and no failure: a limit that could not be set …
  virtual void note(std::string_view message) = 0;
  virtual void run_ended(const RunResult& result) = 0;
  /// Nothing has happened for a moment: what is held back may be shown.
  virtual void flush() = 0;
};

}  // namespace dummynet::scenario

#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "dummynet/scenario/complaint.hpp"
#include "dummynet/scenario/report.hpp"

namespace dummynet::scenario {

/// A run for programs: one JSON object at its end, on one line; bytes of output that are no UTF-8 are replaced.
/// Durations are in seconds (`…_s`), sizes in bytes (`…_bytes`); what is not known is null. Described in
/// docs/scenario-format.md.
class JsonReport : public Report {
 public:
  explicit JsonReport(std::ostream& out) : out_{out} {}

  void run_started(const Plan&) override {}
  void process_started(const PlannedProcess&) override {}
  void process_ready(const PlannedProcess&, std::chrono::nanoseconds) override {}
  void output(const PlannedProcess&, const OutputLine&) override {}
  void process_ended(const PlannedProcess&, const RunInfo&) override {}
  void event(const PlannedEvent&) override {}
  void note(std::string_view message) override { notes_.emplace_back(message); }
  void run_ended(const RunResult& result) override;
  void flush() override {}

 private:
  std::ostream& out_;
  std::vector<std::string> notes_;
};

/// The object for a file that could not be run: verdict "error", cause "file", and all complaints.
std::string complaints_as_json(const Complaints& complaints, std::string_view file);

}  // namespace dummynet::scenario

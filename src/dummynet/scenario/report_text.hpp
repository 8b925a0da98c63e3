#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <unordered_map>

#include "dummynet/scenario/report.hpp"
#include "dummynet/scenario/table.hpp"

namespace dummynet::scenario {

struct TextOptions {
  bool colour = false;
  bool quiet = false;        ///< only the verdict with its cause
  bool interactive = false;  ///< somebody watches: every line at once
};

/// A run for people: one log of all processes, aligned by their names ("client | line", "client ! line" from standard
/// error, "client * what happened to it", "@2s * event"), then tables of the processes, of the links that do something
/// to packets, and of the metrics, and last the verdict with its cause. The standard output of a process whose metrics
/// are read from it as JSON is left out of the log.
class TextReport : public Report {
 public:
  TextReport(std::ostream& out, TextOptions options) : out_{out}, options_{options} {}

  void run_started(const Plan& plan) override;
  void process_started(const PlannedProcess& process) override;
  void process_ready(const PlannedProcess& process, std::chrono::nanoseconds after) override;
  void output(const PlannedProcess& process, const OutputLine& line) override;
  void process_ended(const PlannedProcess& process, const RunInfo& info) override;
  void event(const PlannedEvent& event) override;
  void note(std::string_view message) override;
  void run_ended(const RunResult& result) override;
  void flush() override { out_.flush(); }

 private:
  void line(const PlannedProcess& process, char mark, std::string_view text);
  void print_processes(const RunResult& result);
  void print_metrics(const RunResult& result);
  void print_links(const RunResult& result);
  void print_table(const Table& table);
  void print_verdict(const RunResult& result);
  std::string painted(std::string_view colour, std::string_view text) const;

  std::ostream& out_;
  TextOptions options_;
  std::size_t name_width_ = 0;
  std::unordered_map<std::string, std::string_view> colours_;  // by process
};

}  // namespace dummynet::scenario

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dummynet/scenario/report.hpp"

namespace dummynet::test {

/// Remembers what it is told, in a few words each: "start server", "ready server", "server | line", "end server".
class RecordingReport : public scenario::Report {
 public:
  std::vector<std::string> events;
  /// Called with each event as it comes.
  std::function<void(const std::string& event)> on_event;

  void run_started(const scenario::Plan& plan) override { add("run " + plan.name); }
  void process_started(const scenario::PlannedProcess& process) override { add("start " + process.name); }
  void process_ready(const scenario::PlannedProcess& process, std::chrono::nanoseconds) override {
    add("ready " + process.name);
  }
  void output(const scenario::PlannedProcess& process, const OutputLine& line) override {
    add(process.name + (line.stream == Stream::out ? " | " : " ! ") + std::string{line.text});
  }
  void process_ended(const scenario::PlannedProcess& process, const RunInfo&) override { add("end " + process.name); }
  void event(const scenario::PlannedEvent& event) override { add("event " + event.text); }
  void note(std::string_view message) override { add("note " + std::string{message}); }
  void run_ended(const scenario::RunResult& result) override { add(std::string{to_string(result.verdict)}); }
  void flush() override {}

 private:
  void add(std::string event) {
    events.push_back(event);
    if (on_event) on_event(event);
  }
};

}  // namespace dummynet::test

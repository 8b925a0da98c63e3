#include "dummynet/scenario/process_check.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include "dummynet/core/http_url.hpp"
#include "dummynet/scenario/names.hpp"

namespace dummynet::scenario {
namespace {

/// The number of groups, or nothing after a complaint.
std::optional<int> check_regex(Reader& reader, Position position, const std::string& regex) {
  const RE2 compiled{"(?m)" + regex, RE2::Quiet};
  if (compiled.ok()) return compiled.NumberOfCapturingGroups();
  reader.complain(position,
                  fmt::format("the regular expression {} is not valid: {}", backticked(regex), compiled.error()));
  return std::nullopt;
}

void check_ready(Reader& reader, const ProcessSpec& process) {
  if (!process.ready) return;
  const auto& [ready, position] = *process.ready;
  if (const auto* log = std::get_if<ReadyLog>(&ready.condition)) check_regex(reader, position, log->regex);
  if (const auto* http = std::get_if<ReadyHttp>(&ready.condition)) {
    if (const std::optional<std::string> fault = find_fault_in_http_url(http->url)) {
      reader.complain(position, fmt::format("{} cannot be asked: {}; write e.g. `http://localhost:8000/`",
                                            backticked(http->url), *fault));
    }
  }
}

void check_expect(Reader& reader, const ProcessSpec& process) {
  const ExpectSpec& expect = process.expect;
  if (expect.exit_code && expect.signal)
    reader.complain(expect.signal->position, "a process ends with an `exit_code` or by a `signal`, not both");
  if (expect.running && !process.daemon) {
    reader.complain(expect.running->position, fmt::format("`running` is for daemons; {} is none, the run ends with it",
                                                          backticked(process.name)));
  } else if (expect.running && !expect.running->value) {
    reader.complain(expect.running->position, "a daemon has to keep running; without `daemon: true` it may end");
  }
  for (const auto& [given, what] : {std::pair{expect.exit_code, "exit_code"}, std::pair{expect.signal, "signal"}}) {
    if (given && process.daemon) {
      reader.complain(given->position,
                      fmt::format("`{}` says nothing about the daemon {}: it has to run until it is stopped", what,
                                  backticked(process.name)));
    }
  }
}

void check_metrics(Reader& reader, const ProcessSpec& process) {
  for (const MetricSpec& metric : process.metrics) {
    if (const std::string why = why_no_process_name(metric.name); !why.empty()) {
      reader.complain(metric.position, fmt::format("{} is no name for a metric: {}", backticked(metric.name), why));
    }
    if (const auto* regex = std::get_if<MetricRegex>(&metric.source)) {
      if (check_regex(reader, metric.source_position, regex->regex) == 0) {
        reader.complain(
            metric.source_position,
            fmt::format("the regular expression {} has no group; put ( ) around the number", backticked(regex->regex)));
      }
    }
  }
}

}  // namespace

void check_process(Reader& reader, const ProcessSpec& process) {
  check_ready(reader, process);
  check_expect(reader, process);
  check_metrics(reader, process);
  if (process.daemon && process.timeout) {
    reader.complain(
        process.position,
        fmt::format(
            "the daemon {} has a `timeout`, but it ends with the run; a bound on its start is `ready: {{timeout: …}}`",
            backticked(process.name)));
  }
}

}  // namespace dummynet::scenario

#include "dummynet/scenario/report_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dummynet/scenario/humanise.hpp"
#include "dummynet/scenario/judge.hpp"
#include "dummynet/scenario/link_report.hpp"
#include "dummynet/scenario/table.hpp"

namespace dummynet::scenario {
namespace {

// ECMA-48 "select graphic rendition": colours that can be read on dark and on light ground.
constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kGreen = "\x1b[1;32m";
constexpr std::string_view kRed = "\x1b[1;31m";
constexpr std::string_view kYellow = "\x1b[1;33m";
constexpr auto kNameColours =
    std::to_array<std::string_view>({"\x1b[36m", "\x1b[33m", "\x1b[35m", "\x1b[32m", "\x1b[34m", "\x1b[91m"});

std::string count(std::size_t number, std::string_view thing, std::string_view things) {
  return fmt::format("{} {}", number, number == 1 ? thing : things);
}

bool prints_json(const PlannedProcess& process) {
  return std::ranges::any_of(process.metrics,
                             [](const MetricSpec& metric) { return std::holds_alternative<JsonPath>(metric.source); });
}

std::string_view colour_of(Verdict verdict) {
  if (verdict == Verdict::passed) return kGreen;
  return verdict == Verdict::failed || verdict == Verdict::error ? kRed : kYellow;
}

}  // namespace

std::string TextReport::painted(std::string_view colour, std::string_view text) const {
  return options_.colour ? fmt::format("{}{}{}", colour, text, kReset) : std::string{text};
}

void TextReport::line(const PlannedProcess& process, char mark, std::string_view text) {
  if (options_.quiet) return;
  const std::string prefix = fmt::format("{:<{}} {}", process.name, name_width_, mark);
  out_ << painted(colours_[process.name], prefix) << ' ' << text << '\n';
  if (options_.interactive) out_.flush();
}

void TextReport::run_started(const Plan& plan) {
  for (std::size_t i = 0; i < plan.processes.size(); ++i) {
    name_width_ = std::max(name_width_, plan.processes[i].name.size());
    colours_[plan.processes[i].name] = kNameColours[i % kNameColours.size()];
  }
  if (options_.quiet) return;
  out_ << painted(kBold, plan.name) << ": " << count(plan.topology.nodes.size(), "node", "nodes") << ", "
       << count(plan.topology.links.size(), "link", "links") << ", "
       << count(plan.processes.size(), "process", "processes") << '\n';
}

void TextReport::process_started(const PlannedProcess& process) {
  std::string text = fmt::format("started on node {}: {}", process.node, process.command.text());
  if (const std::size_t end = text.find('\n'); end != std::string::npos) text = text.substr(0, end) + " …";
  line(process, '*', text);
  if (process.ready) line(process, '*', fmt::format("waiting for {}", to_string(*process.ready)));
}

void TextReport::process_ready(const PlannedProcess& process, std::chrono::nanoseconds after) {
  line(process, '*', "ready after " + human_duration(after));
}

void TextReport::output(const PlannedProcess& process, const OutputLine& read) {
  if (read.stream == Stream::out && prints_json(process)) return;
  std::string_view text = read.text;
  if (text.ends_with('\r')) text.remove_suffix(1);
  line(process, read.stream == Stream::out ? '|' : '!', text);
}

void TextReport::process_ended(const PlannedProcess& process, const RunInfo& info) {
  line(process, '*',
       fmt::format("{} after {}", describe_ending(info), human_duration(info.end.value_or(info.start) - info.start)));
  for (const Leftover& leftover : info.leftovers) {
    line(process, '*',
         fmt::format("left {} (PID {} in the run) behind, which was killed", leftover.command, leftover.pid));
  }
}

void TextReport::event(const PlannedEvent& event) {
  if (options_.quiet) return;
  const std::string prefix = fmt::format("{:<{}} *", "@" + human_duration(event.at), name_width_);
  out_ << painted(kBold, prefix) << ' ' << event.text << '\n';
  if (options_.interactive) out_.flush();
}

void TextReport::note(std::string_view message) {
  if (!options_.quiet) out_ << painted(kDim, fmt::format("note: {}", message)) << '\n';
}

void TextReport::run_ended(const RunResult& result) {
  if (!options_.quiet) {
    print_processes(result);
    print_links(result);
    print_metrics(result);
  }
  print_verdict(result);
  out_.flush();
}

void TextReport::print_table(const Table& table) {
  if (table.empty()) return;
  out_ << '\n' << painted(kBold, table.heading()) << '\n';
  for (std::size_t i = 0; i < table.size(); ++i) out_ << table.row(i) << '\n';
}

void TextReport::print_links(const RunResult& result) {
  constexpr std::size_t kShown = 20;
  const std::size_t shown = std::min(result.links.size(), kShown);
  print_table(tabulate_links({result.links.data(), shown}));
  if (shown < result.links.size()) {
    out_ << fmt::format("and {} more links, which `--format json` has\n", result.links.size() - shown);
  }
  for (const EventResult& event : result.events) {
    if (event.done || result.verdict == Verdict::error) continue;
    out_ << painted(kDim, fmt::format("note: the run was over before {}: {}", human_duration(event.at), event.text))
         << '\n';
  }
}

void TextReport::print_processes(const RunResult& result) {
  if (std::ranges::none_of(result.processes, [](const ProcessResult& process) { return process.info.has_value(); }))
    return;
  Table table{{{"process"}, {"node"}, {"role"}, {"ending"}, {"time", true}, {"CPU", true}, {"memory peak", true}}};
  for (const ProcessResult& process : result.processes) {
    const std::string role = process.daemon ? "daemon" : "client";
    if (!process.info) {
      table.add({process.name, process.node, role, "never started", "-", "-", "-"});
      continue;
    }
    const RunInfo& info = *process.info;
    const Resources& used = info.resources;
    table.add({process.name, process.node, role, describe_ending(info),
               human_duration(info.end.value_or(info.start) - info.start),
               used.cpu_source == Source::none ? "-" : human_duration(used.cpu),
               used.memory_peak_source == Source::none ? "-" : human_bytes(used.memory_peak_bytes)});
  }
  print_table(table);
}

void TextReport::print_metrics(const RunResult& result) {
  Table table{{{"metric"}, {"value", true}}};
  for (const MetricValue& metric : result.metrics) {
    table.add({metric.process + "." + metric.name, human_value(metric.value, metric.unit)});
  }
  print_table(table);
}

void TextReport::print_verdict(const RunResult& result) {
  const Cause& cause = result.cause;
  if (!options_.quiet) out_ << '\n';
  out_ << painted(colour_of(result.verdict), to_string(result.verdict)) << ": " << cause.text << '\n';
  if (result.verdict == Verdict::passed) return;
  std::string where = fmt::format("  {} into the run", human_duration(cause.at));
  if (!cause.process.empty()) where += fmt::format(", process {} on node {}", cause.process, cause.node);
  out_ << where << '\n';
  if (!cause.last_lines.empty()) {
    out_ << "  its last lines of output:\n";
    std::string_view rest = cause.last_lines;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      out_ << "    " << rest.substr(0, end) << '\n';
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  for (const std::string& consequence : cause.consequences) out_ << "  so " << consequence << '\n';
}

}  // namespace dummynet::scenario

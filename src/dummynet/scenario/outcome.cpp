#include "dummynet/scenario/outcome.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dummynet/scenario/humanise.hpp"
#include "dummynet/scenario/judge.hpp"

namespace dummynet::scenario {
namespace {

bool is_of_daemon(const Cause& cause) {
  return cause.kind == Cause::Kind::daemon_ended || cause.kind == Cause::Kind::ending_unknown;
}

std::string shown_lifetime(const RunInfo& info) { return human_duration(info.end.value_or(info.start) - info.start); }

}  // namespace

const Cause& choose_cause(const std::vector<Cause>& causes) {
  const auto earlier = [](const Cause& a, const Cause& b) { return a.at < b.at; };
  // Without the engine no packet arrives any more, so whatever else failed may have failed for that.
  for (const Cause& cause : causes) {
    if (cause.kind == Cause::Kind::engine_ended) return cause;
  }
  const auto first = std::min_element(causes.begin(), causes.end(), earlier);
  const Cause* best = &*first;
  for (const Cause& cause : causes) {
    const bool sooner = !is_of_daemon(*best) || cause.at < best->at;
    if (is_of_daemon(cause) && sooner && cause.at <= first->at + kSimultaneous) best = &cause;
  }
  return *best;
}

std::vector<std::string> find_consequences(const Plan& plan, const std::vector<ProcessResult>& processes,
                                           const Cause& cause) {
  std::vector<std::string> consequences;
  for (std::size_t i = 0; i < processes.size(); ++i) {
    const ProcessResult& process = processes[i];
    if (process.name == cause.process) continue;
    if (!process.info) {
      consequences.push_back(fmt::format("{} was never started", process.name));
    } else if (process.info->stopped) {
      consequences.push_back(fmt::format("{} was {} after {}", process.name, describe_ending(*process.info),
                                         shown_lifetime(*process.info)));
    } else if (const std::optional<Cause> other = judge_ending(plan.processes[i], *process.info)) {
      consequences.push_back(other->text);
    }
  }
  return consequences;
}

std::string describe_success(const std::vector<ProcessResult>& processes) {
  std::vector<std::string> clients;
  std::vector<std::string> daemons;
  const ProcessResult* last = nullptr;
  for (const ProcessResult& process : processes) {
    (process.daemon ? daemons : clients).push_back(process.name);
    if (process.daemon || !process.info) continue;
    if (!last || process.info->end > last->info->end) last = &process;
  }
  if (!last) return "nothing was to be done";
  const RunInfo& info = *last->info;
  std::string text = clients.size() == 1
                         ? fmt::format("{} {} after {}", last->name, describe_ending(info), shown_lifetime(info))
                         : fmt::format("{} ended as expected, the last one, {}, after {}", human_list(clients),
                                       last->name, shown_lifetime(info));
  if (!daemons.empty()) text += fmt::format("; {} stayed up throughout", human_list(daemons));
  return text;
}

}  // namespace dummynet::scenario

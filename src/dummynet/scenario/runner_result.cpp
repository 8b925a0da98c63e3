#include <fmt/format.h>

#include "dummynet/scenario/fidelity.hpp"
#include "dummynet/scenario/humanise.hpp"
#include "dummynet/scenario/judge.hpp"
#include "dummynet/scenario/metric.hpp"
#include "dummynet/scenario/outcome.hpp"
#include "dummynet/scenario/runner.hpp"

// What became of it: the second half of Runner.
namespace dummynet::scenario {

void Runner::finish(RunResult& result) {
  result.name = plan_.name;
  result.run = options_.run;
  result.seed = plan_.seed;
  result.start = start_;
  collect_processes(result);
  result.links = std::move(links_);
  result.events = timetable_.results(start_);
  if (signal_ == 0 && causes_.empty()) check_daemons_output(result);
  read_metrics(result);
  if (!causes_.empty()) {
    result.cause = choose_cause(causes_);
    result.cause.consequences = find_consequences(plan_, result.processes, result.cause);
  } else if (signal_ != 0) {
    explain_interruption(result);
  } else {
    result.cause.text = describe_success(result.processes);
    result.cause.at = Clock::now() - start_;
  }
  doubt(result);
  result.verdict = verdict_of(result.cause.kind);
  if (result.verdict == Verdict::interrupted) result.signal = signal_;
  result.duration = Clock::now() - start_;
}

// While the engine's process still runs. Its death has been told already.
void Runner::collect_links() {
  is_stopping_ = true;
  if (!emulation_) return;
  try {
    links_ = emulation_->results();
  } catch (const std::exception& error) {
    report_.note(fmt::format("what the links did is not known: {}", error.what()));
  }
}

/// What a run measured over links that were not as they should have been proves nothing, whatever came out.
void Runner::doubt(RunResult& result) const {
  const Verdict verdict = verdict_of(result.cause.kind);
  if (verdict == Verdict::error || verdict == Verdict::interrupted) return;
  std::optional<Cause> doubts = judge_fidelity(result.links);
  if (!doubts) return;
  if (!options_.demand_fidelity) {
    report_.note(doubts->text);
    return;
  }
  doubts->at = Clock::now() - start_;
  doubts->consequences = {fmt::format("what came out proves nothing ({}: {})", to_string(verdict), result.cause.text)};
  result.cause = std::move(*doubts);
}

void Runner::collect_processes(RunResult& result) {
  for (std::size_t i = 0; i < running_.size(); ++i) {
    const PlannedProcess& planned = plan_.processes[i];
    ProcessResult process;
    process.name = planned.name;
    process.node = planned.node;
    process.daemon = planned.daemon;
    if (const ProcessHandle& handle = running_[i].handle) {
      process.info = running_[i].ended ? *running_[i].ended : handle->info();
      process.notices = handle->notices();
      for (const std::string& notice : process.notices) {
        if (is_worth_telling(notice)) report_.note(fmt::format("{}: {}", process.name, notice));
      }
    }
    result.processes.push_back(std::move(process));
  }
}

void Runner::check_daemons_output(const RunResult& result) {
  for (std::size_t i = 0; i < running_.size(); ++i) {
    if (!plan_.processes[i].daemon) continue;
    if (std::optional<Cause> cause = judge_output(plan_.processes[i], *result.processes[i].info)) {
      fail(std::move(*cause), Clock::now());
    }
  }
}

void Runner::read_metrics(RunResult& result) {
  const bool all_ran = causes_.empty() && signal_ == 0;
  for (std::size_t i = 0; i < running_.size(); ++i) {
    const PlannedProcess& process = plan_.processes[i];
    if (!result.processes[i].info) continue;
    const RunInfo& info = *result.processes[i].info;
    for (const MetricSpec& metric : process.metrics) {
      auto [value, error] = read_metric(metric, info.out.text());
      if (value) {
        result.metrics.push_back({process.name, metric.name, *value, metric.unit});
      } else if (all_ran) {
        if (info.out.dropped_bytes() > 0)
          error += fmt::format(" ({} of it were dropped, it was too long)", human_bytes(info.out.dropped_bytes()));
        Cause cause;
        cause.kind = Cause::Kind::metric_missing;
        cause.process = process.name;
        cause.node = process.node;
        cause.text = fmt::format("the metric {}.{} could not be measured: {}", process.name, metric.name, error);
        cause.last_lines = last_lines(info);
        fail(std::move(cause), info.end.value_or(Clock::now()));
      }
    }
  }
}

void Runner::explain_interruption(RunResult& result) const {
  result.cause.kind = Cause::Kind::interrupted;
  result.cause.text = fmt::format("{} stopped the run", signal_name(signal_));
  result.cause.at = Clock::now() - start_;
  result.cause.consequences = find_consequences(plan_, result.processes, result.cause);
}

}  // namespace dummynet::scenario

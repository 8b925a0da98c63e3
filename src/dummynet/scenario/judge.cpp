#include "dummynet/scenario/judge.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstring>

#include "dummynet/scenario/complaint.hpp"
#include "dummynet/scenario/humanise.hpp"

namespace dummynet::scenario {
namespace {

constexpr std::size_t kLastLines = 10;

std::chrono::nanoseconds lifetime(const RunInfo& info) { return info.end.value_or(info.start) - info.start; }

Cause make(Cause::Kind kind, const PlannedProcess& process, const RunInfo& info, std::string text) {
  Cause cause;
  cause.kind = kind;
  cause.process = process.name;
  cause.node = process.node;
  cause.text = std::move(text);
  cause.last_lines = last_lines(info);
  return cause;
}

std::string expected_ending(const PlannedProcess& process) {
  return process.signal
             ? fmt::format("to be killed by SIG{}", sigabbrev_np(*process.signal) ? sigabbrev_np(*process.signal)
                                                                                  : std::to_string(*process.signal))
             : fmt::format("to exit with {}", process.exit_code);
}

bool ended_as_expected(const PlannedProcess& process, const RunInfo& info) {
  if (const auto* killed = std::get_if<Killed>(&*info.ending)) return process.signal == killed->signal;
  const auto* exited = std::get_if<Exited>(&*info.ending);
  return exited && !process.signal && exited->code == process.exit_code;
}

std::string missing_line(const PlannedProcess& process, std::string_view stream, const std::string& pattern) {
  return fmt::format("no line of {}'s {} matches {}", process.name, stream, backticked(pattern));
}

}  // namespace

std::string describe_ending(const RunInfo& info) {
  if (!info.ending) return "is running";
  if (info.stopped) {
    const bool by_force = *info.ending == Ending{Killed{SIGKILL, false}};
    return by_force ? "stopped by SIGKILL" : "stopped";
  }
  std::string text = to_string(*info.ending);
  if (info.timed_out) return "timed out, " + text;
  if (!info.command.is_shell_line()) return text;
  // POSIX sh: these two codes are the shell's own words.
  if (info.exit_code() == 127) text += " (the shell did not find a program)";
  if (info.exit_code() == 126) text += " (the shell could not execute a program)";
  return text;
}

std::string last_lines(const RunInfo& info) {
  std::string lines = info.err.last_lines(kLastLines);
  return lines.find_first_not_of(" \r\n") == std::string::npos ? info.out.last_lines(kLastLines) : lines;
}

std::optional<Cause> judge_ending(const PlannedProcess& process, const RunInfo& info) {
  using Kind = Cause::Kind;
  if (!info.ending || info.stopped) return std::nullopt;
  const std::string name = process.name;
  const std::string after = " after " + human_duration(lifetime(info));
  if (const auto* unknown = std::get_if<Unknown>(&*info.ending)) {
    return make(Kind::ending_unknown, process, info,
                fmt::format("{} is gone{}, and nobody can say how it ended: {}", name, after, unknown->reason));
  }
  const bool never_ready = process.ready && !info.ready;
  if (never_ready && !info.timed_out && lifetime(info) >= process.ready->timeout) {
    return make(Kind::never_ready, process, info,
                fmt::format("{} was not ready within {}; it was waited for {}", name,
                            human_duration(process.ready->timeout), to_string(*process.ready)));
  }
  if (info.timed_out) {
    return make(Kind::process_timeout, process, info,
                fmt::format("{} ran longer than its timeout of {}", name,
                            human_duration(process.timeout.value_or(lifetime(info)))));
  }
  if (never_ready) {
    return make(Kind::never_ready, process, info,
                fmt::format("{} {}{}, before it was ready; it was waited for {}", name, describe_ending(info), after,
                            to_string(*process.ready)));
  }
  if (process.daemon) {
    return make(
        Kind::daemon_ended, process, info,
        fmt::format("the daemon {} {}{}, while it should have kept running", name, describe_ending(info), after));
  }
  if (!ended_as_expected(process, info)) {
    return make(
        Kind::unexpected_ending, process, info,
        fmt::format("{} {}{}; it was expected {}", name, describe_ending(info), after, expected_ending(process)));
  }
  return std::nullopt;
}

std::optional<Cause> judge_output(const PlannedProcess& process, const RunInfo& info) {
  const auto cause = [&](std::string_view stream, const std::string& pattern, const CapturedText& text) {
    std::string sentence = missing_line(process, stream, pattern);
    if (text.empty()) sentence += "; it is empty";
    Cause found = make(Cause::Kind::unexpected_output, process, info, std::move(sentence));
    found.last_lines = text.last_lines(kLastLines);
    return found;
  };
  if (process.out_pattern && !info.matches({process.out_pattern, std::nullopt}))
    return cause("standard output", *process.out_pattern, info.out);
  if (process.err_pattern && !info.matches({std::nullopt, process.err_pattern}))
    return cause("standard error", *process.err_pattern, info.err);
  return std::nullopt;
}

}  // namespace dummynet::scenario

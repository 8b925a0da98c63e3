#include "dummynet/core/error.hpp"

#include <cstdio>
#include <system_error>

namespace dummynet {
namespace {

constexpr std::size_t kTailLines = 10;
constexpr std::size_t kLongestCommand = 200;

std::string seconds(std::chrono::nanoseconds duration) {
  const double value = std::chrono::duration<double>{duration}.count();
  char text[48];
  if (value < 0.01) {
    std::snprintf(text, sizeof text, "%.1fms", value * 1000);
  } else {
    std::snprintf(text, sizeof text, "%.2fs", value);
  }
  return text;
}

std::string shortened(std::string command) {
  // what() would end at a NUL.
  for (std::size_t at = 0; (at = command.find('\0', at)) != std::string::npos;) command.replace(at, 1, "\\0");
  if (command.size() <= kLongestCommand) return command;
  std::size_t end = kLongestCommand;
  while (end > 0 && (static_cast<unsigned char>(command[end]) & 0xC0U) == 0x80U) --end;  // not inside a character
  return command.substr(0, end) + "…";
}

std::string indented(std::string_view text, std::string_view margin) {
  std::string result;
  for (const char character : text) {
    result += character;
    if (character == '\n') result += margin;
  }
  return result;
}

void add_tail(std::string& text, const char* label, const CapturedText& stream) {
  if (stream.empty()) return;
  const std::string lines = stream.last_lines(kTailLines);
  const bool whole = lines.size() + 1 >= stream.total_bytes();
  text += std::string{"\n  "} + label + (whole ? ":" : " (its end):") + "\n    " + indented(lines, "    ");
}

std::string ending_after(const RunInfo& info) {
  std::string text = info.ending ? to_string(*info.ending) : "still running";
  if (info.end) text += " after " + seconds(*info.end - info.start);
  return text;
}

std::string start_message(StartError::Step step, const std::string& object, int error_number,
                          const std::string& command, const std::string& detail) {
  std::string text = "cannot start " + (command.empty() ? "''" : shortened(command)) + ": ";
  text += to_string(step);
  if (!object.empty() && object != to_string(step)) text += ' ' + object;
  if (error_number != 0) text += ": " + std::system_category().message(error_number);
  if (!detail.empty()) text += error_number != 0 ? " (" + detail + ')' : ": " + detail;
  return text;
}

std::string group_message(const std::vector<std::exception_ptr>& errors) {
  std::string text = std::to_string(errors.size()) + (errors.size() == 1 ? " failure:" : " failures:");
  std::size_t number = 0;
  for (const std::exception_ptr& error : errors) {
    const std::string label = std::to_string(++number) + ". ";
    text += '\n' + label + indented(describe(error), std::string(label.size(), ' '));
  }
  return text;
}

}  // namespace

std::string subject(const RunInfo& info) {
  std::string command = shortened(info.command.text());
  if (info.name.empty() || info.name == command) return command;
  return info.name + " (" + command + ')';
}

std::string output_tail(const RunInfo& info) {
  std::string text;
  if (!info.leftovers.empty()) {
    text += "\n  left of its tree and killed:";
    for (const Leftover& leftover : info.leftovers) {
      if (&leftover != &info.leftovers.front()) text += ',';
      text += ' ' + leftover.command + " (pid " + std::to_string(leftover.pid) + ')';
    }
  }
  add_tail(text, "stderr", info.err);
  add_tail(text, "stdout", info.out);
  return text;
}

RunInfoError::RunInfoError(RunInfo info)
    : ProcessError{subject(info) + ' ' + (info.ending && std::holds_alternative<Killed>(*info.ending) ? "was " : "") +
                       ending_after(info) + output_tail(info),
                   std::move(info)} {}

TimeoutError::TimeoutError(const std::string& what, RunInfo info)
    : ProcessError{subject(info) + ' ' + what + output_tail(info), std::move(info)} {}

DaemonExitError::DaemonExitError(RunInfo info)
    : ProcessError{"daemon " + subject(info) + " ended by itself: " + ending_after(info) + output_tail(info),
                   std::move(info)} {}

NoProcessesError::NoProcessesError() : Error{"only daemons were started: such a run would never end"} {}

StartError::StartError(Step step, std::string object, int error_number, const std::string& command,
                       const std::string& detail)
    : Error{start_message(step, object, error_number, command, detail)},
      step_{step},
      object_{std::move(object)},
      error_number_{error_number} {}

std::string_view to_string(StartError::Step step) {
  switch (step) {
    case StartError::Step::argument:
      return "check the request";
    case StartError::Step::cgroup:
      return "enter cgroup";
    case StartError::Step::limits:
      return "set limit";
    case StartError::Step::namespaces:
      return "enter namespace";
    case StartError::Step::identity:
      return "become user";
    case StartError::Step::working_directory:
      return "enter directory";
    case StartError::Step::input_output:
      return "open";
    case StartError::Step::memory:
      return "allocate memory";
    case StartError::Step::clone:
      return "clone";
    case StartError::Step::execute:
      return "execute";
    case StartError::Step::sudo:
      return "sudo";
    case StartError::Step::warden:
      return "ask the warden";
  }
  return "start";
}

GroupError::GroupError(std::vector<std::exception_ptr> errors)
    : Error{group_message(errors)}, errors_{std::move(errors)} {}

std::string describe(const std::exception_ptr& error) {
  if (!error) return "no error";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "an exception of an unknown type";
  }
}

}  // namespace dummynet

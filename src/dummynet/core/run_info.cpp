#include "dummynet/core/run_info.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "dummynet/core/error.hpp"

namespace dummynet {
namespace {

std::string signal_name(int signal) {
  if (const char* abbreviation = ::sigabbrev_np(signal)) return std::string{"SIG"} + abbreviation;
  if (signal >= SIGRTMIN && signal <= SIGRTMAX) return "SIGRTMIN+" + std::to_string(signal - SIGRTMIN);
  return "signal " + std::to_string(signal);
}

struct EndingWording {
  std::string operator()(const Exited& exited) const { return "exited with " + std::to_string(exited.code); }
  std::string operator()(const Killed& killed) const {
    return "killed by " + signal_name(killed.signal) + (killed.core_dumped ? " (core dumped)" : "");
  }
  std::string operator()(const Unknown& unknown) const { return "ended in an unknown way: " + unknown.reason; }
};

bool line_matches(std::string_view text, const std::string& pattern) {
  std::string line;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    line.assign(text.substr(0, end));
    if (line.ends_with('\r')) line.pop_back();
    std::replace(line.begin(), line.end(), '\0', '\1');  // fnmatch(3) would stop there
    if (::fnmatch(pattern.c_str(), line.c_str(), 0) == 0) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

bool stream_matches(const CapturedText& stream, const std::optional<std::string>& pattern) {
  // Head and tail apart: where bytes were dropped between them, their join is no line that was ever printed.
  if (!pattern) return true;
  if (stream.dropped_bytes() == 0) return line_matches(stream.text(), *pattern);
  return line_matches(stream.head(), *pattern) || line_matches(stream.tail(), *pattern);
}

}  // namespace

std::string to_string(const Ending& ending) { return std::visit(EndingWording{}, ending); }

std::string CapturedText::last_lines(std::size_t lines, std::size_t bytes) const {
  std::string_view rest = dropped_bytes_ == 0 || tail().empty() ? text() : tail();
  if (rest.ends_with('\n')) rest.remove_suffix(1);
  std::size_t begin = rest.size();
  for (std::size_t found = 0, end = rest.size(); found < lines && begin > 0; ++found) {
    const std::size_t newline = end == 0 ? rest.npos : rest.rfind('\n', end - 1);
    begin = newline == rest.npos ? 0 : newline + 1;
    end = begin == 0 ? 0 : newline;
  }
  rest.remove_prefix(begin);
  if (rest.size() > bytes) {
    rest.remove_prefix(rest.size() - bytes);
    while (!rest.empty() && (static_cast<unsigned char>(rest.front()) & 0xC0U) == 0x80U)
      rest.remove_prefix(1);  // UTF-8
  }
  return std::string{rest};
}

std::string_view to_string(Source source) {
  switch (source) {
    case Source::none:
      return "none";
    case Source::cgroup_v2:
      return "cgroup v2";
    case Source::cgroup_v1:
      return "cgroup v1";
    case Source::rusage:
      return "rusage";
    case Source::sampled:
      return "sampled";
  }
  return "none";
}

std::string_view to_string(Containment containment) {
  switch (containment) {
    case Containment::none:
      return "none";
    case Containment::subreaper:
      return "subreaper";
    case Containment::cgroup:
      return "cgroup";
    case Containment::pid_namespace:
      return "PID namespace";
  }
  return "none";
}

std::optional<int> RunInfo::exit_code() const noexcept {
  const Exited* exited = ending ? std::get_if<Exited>(&*ending) : nullptr;
  return exited ? std::optional{exited->code} : std::nullopt;
}

bool RunInfo::matches(const Match& match) const {
  return stream_matches(out, match.out) && stream_matches(err, match.err);
}

void RunInfo::match(const Match& match) const {
  std::string complaints;
  const auto demand = [&](const CapturedText& stream, const std::optional<std::string>& pattern, const char* label) {
    if (stream_matches(stream, pattern)) return;
    if (!complaints.empty()) complaints += ", and ";
    complaints += std::string{"no line of "} + label + " matches '" + *pattern + '\'';
    if (stream.dropped_bytes() > 0)
      complaints += " (" + std::to_string(stream.dropped_bytes()) + " bytes were dropped)";
  };
  demand(out, match.out, "standard output");
  demand(err, match.err, "standard error");
  if (!complaints.empty()) throw MatchError{subject(*this) + ": " + complaints + output_tail(*this), *this};
}

}  // namespace dummynet

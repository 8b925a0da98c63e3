#include "bench/comparison/comparison.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace bench {
namespace {

std::filesystem::path program_directory() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

/// Runs a measuring program and reads its figures; none when it fails or is not there.
std::vector<double> measure(std::vector<std::string> command) {
  const std::filesystem::path directory = program_directory();
  for (std::string& word : command) {
    if (word.starts_with("bench_")) word = directory / word;
  }
  if (!std::filesystem::exists(command.front())) return {};
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t child = 0;
  const int error = ::posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string output;
  char buffer[256];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    output.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 1;
  if (error != 0 || ::waitpid(child, &status, 0) != child || status != 0) return {};
  std::istringstream words{output};
  std::vector<double> figures;
  for (double figure = 0; words >> figure;) figures.push_back(figure);
  return figures;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// All figures of one group: by contestant, then by round.
using Results = std::map<std::string, std::vector<std::vector<double>>>;

Results run_rounds(const Group& group, std::size_t rounds) {
  Results results;
  std::vector<const Contestant*> order;
  for (const Contestant& contestant : group.contestants) order.push_back(&contestant);
  for (std::size_t round = 0; round < rounds; ++round) {
    fmt::print(stderr, "\r{:<50} round {} of {} ", group.name, round + 1, rounds);
    for (const Contestant* contestant : order) {
      if (contestant->every_round || round == 0) results[contestant->label].push_back(measure(contestant->command));
    }
    std::reverse(order.begin(), order.end());  // A B, B A, …: what drifts hits both alike
  }
  fmt::print(stderr, "\n");
  return results;
}

/// By round; not a number where it failed.
std::vector<double> by_round(const Results& results, const Figure& figure) {
  std::vector<double> values;
  if (const auto found = results.find(figure.contestant); found != results.end()) {
    for (const std::vector<double>& round : found->second) {
      values.push_back(figure.index < round.size() ? round[figure.index] : std::nan(""));
    }
  }
  return values;
}

std::vector<double> without_failed(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  return values;
}

/// Of one thing to another in the same round.
std::vector<double> ratios(const std::vector<double>& ours, const std::vector<double>& reference) {
  std::vector<double> values;
  for (std::size_t i = 0; i < std::min(ours.size(), reference.size()); ++i) values.push_back(ours[i] / reference[i]);
  return without_failed(std::move(values));
}

std::string shown(double value) { return fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0); }

std::string shown(const std::vector<double>& values) {
  const std::vector<double> good = without_failed(values);
  return good.empty() ? "failed" : shown(median(good));
}

std::string target_text(const Line& line) {
  const char* const sign = line.bound == Bound::at_most ? "≤" : "≥";
  if (line.bound == Bound::none) return "";
  return line.reference.contestant.empty() ? fmt::format("{} {} {}", sign, line.target, line.unit)
                                           : fmt::format("{} {:.2f} ×", sign, line.target);
}

/// Prints one line of the table. False: the target is missed.
bool print_line(const Line& line, const Results& results) {
  const std::vector<double> ours = by_round(results, line.ours);
  const std::vector<double> reference = by_round(results, line.reference);
  const bool absolute = line.reference.contestant.empty();
  const std::vector<double> decisive = absolute ? without_failed(ours) : ratios(ours, reference);
  std::string others;
  for (const std::string& peer : line.peers) {
    const std::vector<double> values = by_round(results, {peer, line.ours.index});
    if (without_failed(values).empty()) continue;
    if (!others.empty()) others += ", ";
    others += peer + ' ' + shown(values);
    // Where we are held against ourselves, so are they.
    const bool own = line.reference.contestant == line.ours.contestant;
    const std::vector<double> base = own ? by_round(results, {peer, line.reference.index}) : reference;
    if (!absolute) others += fmt::format(" ({} ×)", shown(ratios(values, base)));
  }
  bool held = !decisive.empty();
  if (held && line.bound == Bound::at_most) held = median(decisive) <= line.target;
  if (held && line.bound == Bound::at_least) held = median(decisive) >= line.target;
  std::string ratio;
  if (!absolute && !decisive.empty()) {
    const auto [low, high] = std::minmax_element(decisive.begin(), decisive.end());
    ratio = fmt::format("**{}** ({}–{})", shown(decisive), shown(*low), shown(*high));
  }
  fmt::print("| {} | {} | {} | {} {} | {} | {} | {} |\n", line.figure, target_text(line),
             absolute ? "" : line.reference_name + ' ' + shown(reference), shown(ours), line.unit, ratio, others,
             line.bound == Bound::none && held ? ""
             : held                            ? "pass"
                                               : "MISS");
  std::fflush(stdout);
  return held;
}

void print_left_out(const Group& group) {
  for (const Line& line : group.lines) {
    fmt::print("| {} | {} |  | – |  |  | {} |\n", line.figure, target_text(line), group.left_out);
  }
}

int run(const std::vector<Group>& groups, std::size_t rounds, const std::string& only) {
  utsname machine{};
  ::uname(&machine);
  fmt::print(
      "Linux {}, {} processors, uid {}, {} rounds. A figure is the median of its rounds, a ratio the median of the\n"
      "rounds' ratios with the lowest and highest of them.\n\n",
      machine.release, std::thread::hardware_concurrency(), ::geteuid(), rounds);
  fmt::print("| what | target | reference | dummynet | ratio | others (ratio to the reference) | |\n");
  fmt::print("|---|---|---|---|---|---|---|\n");
  bool all_held = true;
  for (const Group& group : groups) {
    if (group.name.find(only) == group.name.npos) continue;
    if (!group.left_out.empty()) {
      print_left_out(group);
      continue;
    }
    const Results results = run_rounds(group, rounds);
    for (const Line& line : group.lines) all_held = print_line(line, results) && all_held;
  }
  return all_held ? 0 : 1;
}

}  // namespace

int compare(const std::vector<Group>& groups, int count, char** arguments) {
  std::size_t rounds = 7;
  std::string only;
  for (int i = 1; i < count; i += 2) {
    const std::string option = arguments[i];
    if (i + 1 < count && option == "--rounds") {
      rounds = std::max<std::size_t>(1, std::strtoul(arguments[i + 1], nullptr, 10));
    } else if (i + 1 < count && option == "--only") {
      only = arguments[i + 1];
    } else {
      fmt::print(stderr, "usage: {} [--rounds N] [--only TEXT]\n", arguments[0]);
      return 2;
    }
  }
  return run(groups, rounds, only);
}

}  // namespace bench

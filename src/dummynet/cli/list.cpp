#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dummynet/cli/command_line.hpp"
#include "dummynet/cli/exit_code.hpp"
#include "dummynet/scenario/humanise.hpp"
#include "dummynet/scenario/run_list.hpp"
#include "dummynet/scenario/table.hpp"

namespace dummynet::cli {
namespace {

using scenario::FoundRun;

std::string user_name(uid_t uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry != nullptr ? entry->pw_name : std::to_string(uid);
}

/// What others wrote must not steer the terminal.
std::string printable(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
  return text;
}

std::string age(const scenario::RunFacts& facts) {
  const std::chrono::seconds passed{std::max<std::int64_t>(std::time(nullptr) - facts.started_at, 0)};
  return passed.count() == 0 ? "now" : scenario::human_duration(passed) + " ago";
}

void print_text(const std::vector<FoundRun>& runs) {
  std::vector<scenario::Table::Column> columns{{"RUN"}, {"PID", true}, {"NODES", true}, {"STARTED", true}, {"FILE"}};
  const bool of_others = std::ranges::any_of(runs, [](const FoundRun& run) { return run.user != ::geteuid(); });
  if (of_others) columns.insert(columns.begin() + 1, {"USER"});
  scenario::Table table{columns};
  for (const FoundRun& run : runs) {
    std::vector<std::string> row{printable(run.facts->run), std::to_string(run.facts->pid),
                                 std::to_string(run.facts->nodes.size()), age(*run.facts), printable(run.facts->file)};
    if (of_others) row.insert(row.begin() + 1, user_name(run.user));
    table.add(std::move(row));
  }
  if (table.empty()) {
    std::cout << "nothing is running\n";
    return;
  }
  std::cout << table.heading() << '\n';
  for (std::size_t i = 0; i < table.size(); ++i) std::cout << table.row(i) << '\n';
}

void print_json(const std::vector<FoundRun>& runs) {
  auto all = nlohmann::ordered_json::array();
  for (const FoundRun& run : runs) {
    all.push_back({{"run", run.facts->run},
                   {"user", user_name(run.user)},
                   {"uid", run.user},
                   {"pid", run.facts->pid},
                   {"scenario", run.facts->scenario},
                   {"file", run.facts->file},
                   {"nodes", run.facts->nodes},
                   {"started_at", scenario::utc_time(run.facts->started_at)},
                   {"directory", run.path}});
  }
  std::cout << all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

}  // namespace

void add_list(CLI::App& app, int& exit_code) {
  auto format = std::make_shared<std::string>("text");
  CLI::App* command = app.add_subcommand("list", "Show what is running: your runs, or as root those of everybody");
  command->add_option("--format", *format, "text, or json: an array of objects")
      ->check(CLI::IsMember({"text", "json"}));
  command->callback([format, &exit_code] {
    std::vector<FoundRun> runs = scenario::find_runs();
    const auto dead = std::ranges::count_if(runs, [](const FoundRun& run) {
      return !run.answers && run.facts && scenario::owner_state(*run.facts) == scenario::OwnerState::dead;
    });
    std::erase_if(runs, [](const FoundRun& run) { return !run.answers || !run.facts; });
    *format == "json" ? print_json(runs) : print_text(runs);
    if (dead > 0) std::cerr << "dummynet: " << dead << " dead runs left something; `dummynet clean` removes it\n";
    exit_code = kPassed;
  });
}

}  // namespace dummynet::cli

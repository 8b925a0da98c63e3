#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "dummynet/cli/command_line.hpp"
#include "dummynet/cli/exit_code.hpp"
#include "dummynet/cli/scenario_file.hpp"
#include "dummynet/scenario/humanise.hpp"
#include "dummynet/scenario/link_words.hpp"

namespace dummynet::cli {
namespace {

/// "  home–server: 20ms 1%", those of one fate together.
void list_fates(const scenario::Plan& plan) {
  const std::vector<std::string> names = scenario::name_links(plan.topology, plan.network);
  std::vector<std::pair<std::string, std::vector<std::string>>> fates;
  for (const scenario::PlannedLink& link : plan.links) {
    std::string fate = scenario::describe(link.directions);
    if (fate.empty()) fate = "nothing but what events do";
    if (link.emulation != scenario::Emulation::engine) fate += fmt::format(" ({})", to_string(link.emulation));
    const auto known = std::ranges::find(fates, fate, &decltype(fates)::value_type::first);
    (known == fates.end() ? fates.emplace_back(fate, std::vector<std::string>{}) : *known)
        .second.push_back(names[link.link]);
  }
  for (const auto& [fate, links] : fates) {
    const std::string more = links.size() > 1 ? fmt::format(" and {} more", links.size() - 1) : "";
    std::cout << "  " << links.front() << more << ": " << fate << '\n';
  }
  for (const scenario::PlannedEvent& event : plan.events) {
    std::cout << "  at " << scenario::human_duration(event.at) << ": " << event.text << '\n';
  }
}

std::string count(std::size_t number, std::string_view thing, std::string_view things) {
  return fmt::format("{} {}", number, number == 1 ? thing : things);
}

bool check_file(const std::string& path) {
  try {
    const ScenarioFile file = load_scenario(path);
    for (const scenario::Complaint& complaint : file.planned.complaints) {
      std::cerr << to_string(complaint, file.shown_name) << '\n';
    }
    tell_warnings(file);
    if (!file.planned.complaints.empty()) return false;
    const scenario::Plan& plan = file.planned.plan;
    std::cout << file.shown_name << ": ok, " << count(plan.topology.nodes.size(), "node", "nodes") << ", "
              << count(plan.topology.links.size(), "link", "links") << ", "
              << count(plan.processes.size(), "process", "processes") << '\n';
    list_fates(plan);
    return true;
  } catch (const std::system_error& error) {
    std::cerr << "dummynet: " << error.what() << '\n';
    return false;
  }
}

}  // namespace

void add_check(CLI::App& app, int& exit_code) {
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app.add_subcommand("check", "Look for mistakes in scenario files, without running anything");
  command->add_option("FILE", *files, "Scenario files; - is standard input")->required();
  command->footer("Every mistake is reported as FILE:LINE:COLUMN: MESSAGE. Exit codes: 0 all are good, 2 not all.");
  command->callback([files, &exit_code] {
    exit_code = kPassed;
    for (const std::string& file : *files) {
      if (!check_file(file)) exit_code = kUsage;
    }
  });
}

}  // namespace dummynet::cli

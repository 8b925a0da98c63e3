#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "dummynet/cli/command_line.hpp"
#include "dummynet/cli/exit_code.hpp"
#include "dummynet/cli/scenario_file.hpp"

namespace dummynet::cli {
namespace {

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

#include "dummynet/scenario/graph.hpp"

#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "dummynet/cli/command_line.hpp"
#include "dummynet/cli/exit_code.hpp"
#include "dummynet/cli/scenario_file.hpp"
#include "dummynet/scenario/link_words.hpp"

namespace dummynet::cli {
namespace {

struct GraphArguments {
  std::string file;
  std::string format = "dot";
};

int draw(const GraphArguments& arguments) {
  try {
    const ScenarioFile file = load_scenario(arguments.file);
    for (const scenario::Complaint& complaint : file.planned.complaints) {
      std::cerr << to_string(complaint, file.shown_name) << '\n';
    }
    if (!file.planned.complaints.empty()) return kUsage;
    tell_warnings(file);
    const scenario::Plan& plan = file.planned.plan;
    const std::vector<std::string> fates = scenario::describe_links(plan);
    if (arguments.format == "dot") std::cout << scenario::as_dot(plan.topology, plan.network, fates);
    if (arguments.format == "mermaid") std::cout << scenario::as_mermaid(plan.topology, plan.network, fates);
    if (arguments.format == "svg") std::cout << scenario::as_svg(plan.topology, plan.network, fates);
    return kPassed;
  } catch (const std::system_error& error) {
    std::cerr << "dummynet: " << error.what() << '\n';
    return kUsage;
  }
}

}  // namespace

void add_graph(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<GraphArguments>();
  CLI::App* command = app.add_subcommand("graph", "Draw the network of a scenario");
  command->add_option("FILE", arguments->file, "The scenario file; - is standard input")->required();
  command->add_option("--format", arguments->format, "dot (the default), mermaid or svg")
      ->check(CLI::IsMember({"dot", "mermaid", "svg"}));
  command->footer("Example: dummynet graph nat.yaml --format svg > nat.svg");
  command->callback([arguments, &exit_code] { exit_code = draw(*arguments); });
}

}  // namespace dummynet::cli

#include "dummynet/cli/command_line.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/cli/exit_code.hpp"
#include "dummynet/cli/version.hpp"
#include "dummynet/net/near_word.hpp"

namespace dummynet::cli {
namespace {

constexpr const char* kFooter =
    R"(A scenario is a small YAML file: nodes, the links between them, and the processes that run on them.

  nodes: {client: , server: }
  links:
    - endpoints: [client, server]
  processes:
    server:
      node: server
      command: [iperf3, --server]
      daemon: true                  # has to stay up until the clients have ended
      ready: {listen: 5201}
    client:
      node: client
      command: iperf3 --client server --time 5
      depends_on: {server: ready}

Save it as demo.yaml, then:  dummynet run demo.yaml

Exit codes: 0 passed, 1 failed, 2 wrong usage or file, 3 this machine cannot do it (see `dummynet doctor`),
4 inconclusive, 128+n stopped by signal n.)";

/// "unknown command `rnu`; did you mean `run`?", or nothing if it is something else.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return {};
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == argv[1]) return {};
    names.push_back(command->get_name());
  }
  const std::vector<std::string_view> candidates{names.begin(), names.end()};
  return "unknown command `" + std::string{argv[1]} + "`" + net::did_you_mean(argv[1], candidates);
}

}  // namespace

std::unique_ptr<CLI::App> make_command_line(int& exit_code) {
  auto app = std::make_unique<CLI::App>(
      "Runs processes with roles on test networks, says whether it went well and why, and leaves nothing behind.",
      "dummynet");
  app->set_help_flag("-h,--help", "Show this help");
  app->set_version_flag("--version", std::string{"dummynet "} + kVersion, "Show the version");
  app->require_subcommand(1);
  app->footer(kFooter);
  app->get_formatter()->column_width(34);
  add_run(*app, exit_code);
  add_check(*app, exit_code);
  add_graph(*app, exit_code);
  add_list(*app, exit_code);
  add_exec(*app, exit_code);
  add_clean(*app, exit_code);
  add_doctor(*app, exit_code);
  add_version(*app, exit_code);
  add_completion(*app, exit_code);
  return app;
}

int run_command_line(int argc, char** argv) {
  int exit_code = kPassed;
  const std::unique_ptr<CLI::App> app = make_command_line(exit_code);
  if (argc == 1) {
    std::cout << app->help();
    return kUsage;
  }
  if (const std::string complaint = unknown_command(*app, argc, argv); !complaint.empty()) {
    std::cerr << "dummynet: " << complaint << "\nTry `dummynet --help`.\n";
    return kUsage;
  }
  try {
    app->parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help, --version
    return app->exit(wanted);
  } catch (const CLI::ParseError& error) {
    std::cerr << "dummynet: " << error.what() << "\nTry `dummynet --help`.\n";
    return kUsage;
  }
  return exit_code;
}

}  // namespace dummynet::cli

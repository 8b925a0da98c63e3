#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "dummynet/cli/command_line.hpp"
#include "dummynet/cli/exec_session.hpp"
#include "dummynet/cli/exit_code.hpp"
#include "dummynet/scenario/run_directory.hpp"
#include "dummynet/scenario/run_list.hpp"

namespace dummynet::cli {
namespace {

struct ExecArguments {
  std::string run;
  std::string node;
  std::vector<std::string> command;
  std::vector<std::string> environment;
  std::string cwd;
  std::string user;
  bool no_terminal = false;
};

int complain(int exit_code, const std::string& what) {
  std::cerr << "dummynet: " << what << '\n';
  return exit_code;
}

scenario::ExecRequest make_request(const ExecArguments& arguments) {
  scenario::ExecRequest request;
  request.node = arguments.node;
  request.command = arguments.command;
  request.user = arguments.user;
  std::error_code none;
  const std::filesystem::path here = std::filesystem::current_path(none);
  request.cwd = arguments.cwd.empty() ? here : here / arguments.cwd;
  request.terminal = !arguments.no_terminal && ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  const char* term = std::getenv("TERM");
  if (request.terminal && term != nullptr) request.environment.push_back(std::string{"TERM="} + term);
  request.environment.insert(request.environment.end(), arguments.environment.begin(), arguments.environment.end());
  return request;
}

int exec(const ExecArguments& arguments) {
  for (const std::string& one : arguments.environment) {
    if (one.find('=') == std::string::npos || one.front() == '=') {
      return complain(kUsage, "--env: `" + one + "` is not NAME=VALUE");
    }
  }
  std::vector<scenario::FoundRun> found = scenario::find_runs();
  std::erase_if(found, [](const scenario::FoundRun& run) { return !run.answers || !run.facts; });
  std::vector<scenario::RunFacts> facts;
  facts.reserve(found.size());
  for (const scenario::FoundRun& run : found) facts.push_back(*run.facts);
  const scenario::RunChoice choice = scenario::choose_run(arguments.run, facts);
  if (!choice.complaint.empty()) return complain(kUsage, choice.complaint);
  os::Fd socket = scenario::connect_to_run(found[choice.index].directory);
  if (!socket) return complain(kUsage, facts[choice.index].run + " has just ended");
  try {
    const ExecSession::End end = ExecSession{std::move(socket)}.run(make_request(arguments));
    return end.complaint.empty() ? end.exit_code : complain(end.exit_code, end.complaint);
  } catch (const std::system_error& error) {
    return complain(kMachine, error.what());
  }
}

}  // namespace

void add_exec(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ExecArguments>();
  CLI::App* command = app.add_subcommand("exec", "Start a process on a node of a run that is going on");
  command->add_option("RUN", arguments->run, "Its name, the beginning of it, or its PID; - is the only one there is")
      ->required();
  command->add_option("NODE", arguments->node, "Where to start it")->required();
  command->add_option("COMMAND", arguments->command, "Program and arguments, after --")->required();
  command->add_option("-u,--user", arguments->user, "Who it is, as `user` in a scenario")->type_name("USER");
  command->add_option("-e,--env", arguments->environment, "A variable for it; may be given again")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command->add_option("-w,--cwd", arguments->cwd, "Its working directory; default: this one")->type_name("DIR");
  command->add_flag("-T,--no-terminal", arguments->no_terminal, "No terminal for it, even if this is one");
  command->footer(
      "On a terminal it gets one of its own: keys, window size and signals pass through, and job control works. Its\n"
      "exit code is ours, 128+n if signal n killed it; 127 not found, 126 not to be executed, 2 unknown run or node.\n"
      "The verdict of the run does not depend on it, and it ends with the run.\n\n"
      "Example: dummynet exec - server -- ss -tln");
  command->callback([arguments, &exit_code] { exit_code = exec(*arguments); });
}

}  // namespace dummynet::cli

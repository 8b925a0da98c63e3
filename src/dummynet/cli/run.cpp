#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "dummynet/cli/command_line.hpp"
#include "dummynet/cli/exit_code.hpp"
#include "dummynet/cli/scenario_file.hpp"
#include "dummynet/cli/signals.hpp"
#include "dummynet/cli/terminal.hpp"
#include "dummynet/net/near_word.hpp"
#include "dummynet/scenario/exec_server.hpp"
#include "dummynet/scenario/keys.hpp"
#include "dummynet/scenario/report_json.hpp"
#include "dummynet/scenario/report_text.hpp"
#include "dummynet/scenario/run_directory.hpp"
#include "dummynet/scenario/run_facts.hpp"
#include "dummynet/scenario/runner.hpp"
#include "dummynet/scenario/units.hpp"

namespace dummynet::cli {
namespace {

struct RunArguments {
  std::string file;
  bool quiet = false;
  bool no_color = false;
  std::string format = "text";
  std::string timeout;
  std::string exit_code_from;
  std::string emulation;
  std::string fidelity = "demand";
  std::string engine_spin;
  bool engine_realtime = false;
  std::string packet_log;
  std::optional<std::uint64_t> seed;
};

int tell_complaints(const ScenarioFile& file, const RunArguments& arguments) {
  for (const scenario::Complaint& complaint : file.planned.complaints) {
    std::cerr << to_string(complaint, file.shown_name) << '\n';
  }
  if (arguments.format == "json") std::cout << complaints_as_json(file.planned.complaints, file.shown_name);
  return kUsage;
}

int usage_error(const std::string& what) {
  std::cerr << "dummynet: " << what << '\n';
  return kUsage;
}

std::unique_ptr<scenario::Report> make_report(const RunArguments& arguments) {
  if (arguments.format == "json") return std::make_unique<scenario::JsonReport>(std::cout);
  scenario::TextOptions options;
  options.colour = !arguments.no_color && wants_colour();
  options.quiet = arguments.quiet;
  options.interactive = is_watched();
  return std::make_unique<scenario::TextReport>(std::cout, options);
}

/// How others find this run. Nothing where it cannot be had, which is no reason not to run.
std::unique_ptr<scenario::RunDirectory> make_directory(const std::string& path, const std::string& run,
                                                       const std::string& file, const scenario::Plan& plan,
                                                       scenario::Report& report) {
  try {
    scenario::RunFacts facts = scenario::facts_of_this_process();
    facts.run = run;
    facts.scenario = plan.name;
    facts.file = file;
    facts.nodes = plan.nodes;
    return std::make_unique<scenario::RunDirectory>(path, facts);
  } catch (const std::system_error& error) {
    report.note(fmt::format("`dummynet list` and `exec` will not find this run: {}", error.what()));
    return nullptr;
  }
}

/// Starts the warden, which then takes the directory along whatever becomes of us. False: the run will tell why not.
bool has_warden(ProcessMonitor& monitor) {
  try {
    monitor.warden();
    return true;
  } catch (const StartError&) {
    return false;
  }
}

scenario::RunResult carry_out(const scenario::Plan& plan, const std::string& file, scenario::Report& report,
                              scenario::RunnerOptions runner_options) {
  StopSignals signals;  // before the monitor, so that the run can be stopped as soon as there is one
  MonitorOptions options;
  options.sandbox = true;
  options.log = [&report](std::string_view message) {
    if (scenario::is_worth_telling(message)) report.note(message);
  };
  runner_options.run = scenario::new_run_name(plan.name);
  options.directory = scenario::RunDirectory::place(runner_options.run);
  ProcessMonitor monitor{options};
  scenario::Runner runner{plan, monitor, report, runner_options};
  std::unique_ptr<scenario::RunDirectory> directory;
  if (has_warden(monitor)) directory = make_directory(options.directory, runner_options.run, file, plan, report);
  std::optional<scenario::ExecServer> server;
  if (directory) {
    server.emplace(
        monitor, directory->listener(),
        scenario::ExecServer::Run{plan.nodes, [&](const std::string& node) { return runner.options_on(node); },
                                  [&](const std::string& message) { report.note(message); }});
  }
  signals.watch(monitor.poller(), [&runner](int signal) { runner.interrupt(signal); });
  scenario::RunResult result = runner.run();
  signals.unwatch();
  return result;
}

/// Whatever the file says, or nothing.
std::optional<scenario::Emulation> wanted_emulation(const RunArguments& arguments) {
  const auto found = std::ranges::find(scenario::keys::kEmulations, arguments.emulation);
  if (found == scenario::keys::kEmulations.end()) return std::nullopt;
  return static_cast<scenario::Emulation>(found - scenario::keys::kEmulations.begin());
}

/// What is wrong with the options of the emulation, or nothing.
std::string read_emulation(const RunArguments& arguments, scenario::RunnerOptions& options) {
  options.emulation.engine_realtime = arguments.engine_realtime;
  options.demand_fidelity = arguments.fidelity == "demand";
  if (!arguments.packet_log.empty()) options.emulation.packet_log = std::filesystem::absolute(arguments.packet_log);
  if (arguments.engine_spin.empty()) return {};
  const auto [spin, error] = scenario::parse_duration(arguments.engine_spin);
  if (!spin) return "--engine-spin: " + error;
  if (*spin > std::chrono::milliseconds{10}) return "--engine-spin: more than 10ms would only burn CPU time";
  options.emulation.engine_spin = *spin;
  return {};
}

int run(const RunArguments& arguments) {
  ScenarioFile file;
  try {
    file = load_scenario(arguments.file, wanted_emulation(arguments));
  } catch (const std::system_error& error) {
    return usage_error(error.what());
  }
  if (!file.planned.complaints.empty()) return tell_complaints(file, arguments);
  tell_warnings(file);
  scenario::Plan& plan = file.planned.plan;

  if (!arguments.timeout.empty()) {
    const auto [value, error] = scenario::parse_duration(arguments.timeout);
    if (!value || value->count() == 0)
      return usage_error("--timeout: " + (value ? "it must be longer than nothing" : error));
    plan.timeout = *value;
  }
  if (arguments.seed) plan.seed = *arguments.seed;
  scenario::RunnerOptions options;
  if (const std::string fault = read_emulation(arguments, options); !fault.empty()) return usage_error(fault);
  if (!arguments.exit_code_from.empty()) {
    std::vector<std::string_view> names;
    for (const scenario::PlannedProcess& process : plan.processes) names.push_back(process.name);
    if (std::ranges::find(names, arguments.exit_code_from) == names.end()) {
      return usage_error("--exit-code-from: unknown process `" + arguments.exit_code_from + "`" +
                         net::did_you_mean(arguments.exit_code_from, names));
    }
  }

  const std::unique_ptr<scenario::Report> report = make_report(arguments);
  const scenario::RunResult result = carry_out(plan, file.path, *report, options);
  return arguments.exit_code_from.empty() ? exit_code_of(result) : exit_code_from(result, arguments.exit_code_from);
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* command = app.add_subcommand("run", "Run a scenario and say whether it went well");
  command->add_option("FILE", arguments->file, "The scenario file; - is standard input")->required();
  command->add_flag("-q,--quiet", arguments->quiet, "Only the verdict with its cause");
  command->add_option("--format", arguments->format, "text, or json: one object at the end")
      ->check(CLI::IsMember({"text", "json"}));
  command->add_option("--timeout", arguments->timeout, "Stop the whole run after this time, e.g. 30s")
      ->type_name("DURATION");
  command->add_option("--exit-code-from", arguments->exit_code_from, "Exit with the code of this process")
      ->type_name("PROCESS");
  command->add_option("--seed", arguments->seed, "For everything random, instead of the file's")->type_name("N");
  command->add_option("--emulation", arguments->emulation, "Who emulates the links, instead of the file's choice")
      ->check(CLI::IsMember({"engine", "kernel", "auto"}));
  command->add_option("--fidelity", arguments->fidelity, "demand (the default), or report: only a note")
      ->check(CLI::IsMember({"demand", "report"}));
  // A flag with a value: it takes none but by `=`, so that it never swallows FILE.
  command->add_flag("--log-packets{packets.jsonl}", arguments->packet_log,
                    "Write each packet's fate to packets.jsonl, or =FILE, a line of JSON each");
  command->add_option("--engine-spin", arguments->engine_spin, "How long the engine spins before each release; 0s: not")
      ->type_name("DURATION");
  command->add_flag("--engine-realtime", arguments->engine_realtime,
                    "The engine goes before all other processes, for links on a busy machine; needs real root");
  command->add_flag("--no-color", arguments->no_color, "No colours, as if NO_COLOR were set");
  command->footer(
      "Ctrl-C stops the run, pressed again it kills what is left of it. Nothing of a run survives it.\n\n"
      "Example: dummynet run two-hosts.yaml --format json | jq .metrics");
  command->callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace dummynet::cli

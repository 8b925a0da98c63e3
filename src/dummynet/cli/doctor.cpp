#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/cli/command_line.hpp"
#include "dummynet/cli/exit_code.hpp"
#include "dummynet/cli/machine_check.hpp"
#include "dummynet/cli/terminal.hpp"

namespace dummynet::cli {
namespace {

using State = MachineCheck::State;

std::string_view word(State state) { return state == State::ok ? "ok" : state == State::missing ? "no" : "?"; }

std::string painted(const MachineCheck& check, bool colour) {
  std::string text = fmt::format("{:<4}", word(check.state));
  if (!colour) return text;
  const char* const code = check.state == State::ok ? "\x1b[32m" : check.required ? "\x1b[1;31m" : "\x1b[33m";
  return code + text + "\x1b[0m";
}

void print_text(const std::vector<MachineCheck>& checks) {
  std::cout << "user " << ::geteuid()
            << (read_machine_facts().has_cap_sys_admin ? ", with CAP_SYS_ADMIN" : ", without CAP_SYS_ADMIN") << '\n';
  std::size_t width = 0;
  for (const MachineCheck& check : checks) width = std::max(width, check.name.size());
  for (const MachineCheck& check : checks) {
    std::string line = fmt::format("{} {:<{}}  {}", painted(check, wants_colour()), check.name, width, check.detail);
    line.erase(line.find_last_not_of(' ') + 1);
    std::cout << line << '\n';
    const std::pair<const char*, const std::string*> rest[] = {
        {"so", &check.consequence}, {"cause", &check.cause}, {"mend", &check.mend}};
    for (const auto& [title, text] : rest) {
      if (!text->empty()) std::cout << fmt::format("       {:<6} {}\n", std::string{title} + ':', *text);
    }
  }
  std::cout << (runs_are_possible(checks) ? "Scenarios can be run here." : "Scenarios cannot be run here.")
            << std::endl;
}

void print_json(const std::vector<MachineCheck>& checks) {
  auto all = nlohmann::ordered_json::array();
  for (const MachineCheck& check : checks) {
    nlohmann::ordered_json one{{"name", check.name}};
    one["ok"] = nullptr;  // not tried
    if (check.state != State::unknown) one["ok"] = check.state == State::ok;
    one["required"] = check.required;
    one["detail"] = check.detail;
    one["consequence"] = check.consequence;
    one["cause"] = check.cause;
    one["mend"] = check.mend;
    all.push_back(std::move(one));
  }
  const nlohmann::ordered_json json{
      {"runs_possible", runs_are_possible(checks)}, {"uid", ::geteuid()}, {"checks", all}};
  std::cout << json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

}  // namespace

void add_doctor(CLI::App& app, int& exit_code) {
  struct Arguments {
    std::string format = "text";
    std::string probe;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("doctor", "Try what runs need on this machine; name cause and mend");
  command->add_option("--format", arguments->format, "text, or json: one object")
      ->check(CLI::IsMember({"text", "json"}));
  command->add_option("--probe", arguments->probe, "")->group("");  // for itself, on a node
  command->footer(
      "Each thing is tried for real, in a sandbox that goes at the end. What is missing is shown with what cannot be "
      "had\n"
      "without it, its cause, and how to mend it. Exit codes: 0 runs are possible here, 3 they are not.");
  command->callback([arguments, &exit_code] {
    if (!arguments->probe.empty()) {
      exit_code = probe_from_inside(arguments->probe);
      return;
    }
    const std::vector<MachineCheck> checks = check_machine();
    arguments->format == "json" ? print_json(checks) : print_text(checks);
    exit_code = runs_are_possible(checks) ? kPassed : kMachine;
  });
}

}  // namespace dummynet::cli

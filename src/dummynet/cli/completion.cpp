#include "dummynet/cli/completion.hpp"

#include <fmt/format.h>

#include <CLI/Validators.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "dummynet/cli/command_line.hpp"

namespace dummynet::cli {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

/// "--quiet", "-q", …
std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands_of(app)) names.push_back(command->get_name());
  return joined(names);
}

std::string bash(const CLI::App& app) {
  std::string cases;
  for (const CLI::App* command : commands_of(app)) {
    cases += fmt::format("    {}) options='{}' ;;\n", command->get_name(), joined(options_of(*command)));
  }
  return fmt::format(R"(# bash completion for dummynet: source <(dummynet completion bash)
_dummynet() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} options=
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '{} {}' -- "$word")
    return
  fi
  case $before in
    --format)
      local formats='text json'
      [[ ${{COMP_WORDS[1]}} == graph ]] && formats='dot mermaid svg'
      mapfile -t COMPREPLY < <(compgen -W "$formats" -- "$word"); return ;;
    --emulation) mapfile -t COMPREPLY < <(compgen -W 'engine kernel auto' -- "$word"); return ;;
    --fidelity) mapfile -t COMPREPLY < <(compgen -W 'demand report' -- "$word"); return ;;
    completion) mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$word"); return ;;
  esac
  case ${{COMP_WORDS[1]}} in
{}  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}}
complete -o filenames -F _dummynet dummynet
)",
                     command_names(app), joined(options_of(app)), cases);
}

std::string zsh(const CLI::App& app) {
  std::string cases;
  for (const CLI::App* command : commands_of(app)) {
    cases += fmt::format("    {}) compadd -- {} ;;\n", command->get_name(), joined(options_of(*command)));
  }
  return fmt::format(R"(#compdef dummynet
# zsh completion for dummynet: save as _dummynet in a directory of $fpath
_dummynet() {{
  if ((CURRENT == 2)); then
    compadd -- {} {}
    return
  fi
  case ${{words[CURRENT-1]}} in
    --format)
      if [[ ${{words[2]}} == graph ]]; then compadd -- dot mermaid svg; else compadd -- text json; fi
      return ;;
    --emulation) compadd -- engine kernel auto; return ;;
    --fidelity) compadd -- demand report; return ;;
    completion) compadd -- bash zsh fish; return ;;
  esac
  if [[ ${{words[CURRENT]}} != -* ]]; then
    _files
    return
  fi
  case ${{words[2]}} in
{}  esac
}}
if [[ $funcstack[1] == _dummynet ]]; then _dummynet "$@"; else compdef _dummynet dummynet; fi
)",
                     command_names(app), joined(options_of(app)), cases);
}

std::string fish_option(const std::string& name) {
  return name.starts_with("--") ? "-l " + name.substr(2) : "-s " + name.substr(1);
}

std::string fish(const CLI::App& app) {
  std::string text = "# fish completion for dummynet: dummynet completion fish | source\n";
  for (const std::string& option : options_of(app)) {
    text += fmt::format("complete -c dummynet -n __fish_use_subcommand {}\n", fish_option(option));
  }
  for (const CLI::App* command : commands_of(app)) {
    text += fmt::format("complete -c dummynet -n __fish_use_subcommand -f -a {} -d '{}'\n", command->get_name(),
                        command->get_description());
    for (const std::string& option : options_of(*command)) {
      text += fmt::format("complete -c dummynet -n '__fish_seen_subcommand_from {}' {}\n", command->get_name(),
                          fish_option(option));
    }
  }
  text += "complete -c dummynet -n '__fish_seen_subcommand_from run list doctor' -l format -x -a 'text json'\n";
  text += "complete -c dummynet -n '__fish_seen_subcommand_from run' -l emulation -x -a 'engine kernel auto'\n";
  text += "complete -c dummynet -n '__fish_seen_subcommand_from run' -l fidelity -x -a 'demand report'\n";
  text += "complete -c dummynet -n '__fish_seen_subcommand_from graph' -l format -x -a 'dot mermaid svg'\n";
  return text + "complete -c dummynet -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n";
}

}  // namespace

std::string completion_script(const CLI::App& app, std::string_view shell) {
  if (shell == "bash") return bash(app);
  return shell == "zsh" ? zsh(app) : fish(app);
}

void add_completion(CLI::App& app, int& exit_code) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a script that completes dummynet commands in a shell");
  command->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer("Example, in ~/.bashrc: source <(dummynet completion bash)");
  command->callback([&app, shell, &exit_code] {
    std::cout << completion_script(app, *shell);
    exit_code = 0;
  });
}

}  // namespace dummynet::cli

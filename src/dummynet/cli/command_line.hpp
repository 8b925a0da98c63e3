#pragma once

#include <CLI/App.hpp>
#include <memory>

namespace dummynet::cli {

/// All subcommands with their options. Parsing runs the chosen one, which leaves its exit code in `exit_code`; that
/// must outlive the result.
std::unique_ptr<CLI::App> make_command_line(int& exit_code);

/// The whole command, from argv to exit code.
int run_command_line(int argc, char** argv);

// One file each: what the subcommand is called, which options it has, what it does.
void add_run(CLI::App& app, int& exit_code);
void add_check(CLI::App& app, int& exit_code);
void add_graph(CLI::App& app, int& exit_code);
void add_list(CLI::App& app, int& exit_code);
void add_exec(CLI::App& app, int& exit_code);
void add_clean(CLI::App& app, int& exit_code);
void add_doctor(CLI::App& app, int& exit_code);
void add_version(CLI::App& app, int& exit_code);
void add_completion(CLI::App& app, int& exit_code);

}  // namespace dummynet::cli

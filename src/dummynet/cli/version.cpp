#include "dummynet/cli/version.hpp"

#include <iostream>

#include "dummynet/cli/command_line.hpp"

namespace dummynet::cli {

const char* const kVersion = DUMMYNET_VERSION;

void add_version(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("version", "Show the version");
  command->callback([&exit_code] {
    std::cout << "dummynet " << kVersion << '\n';
    exit_code = 0;
  });
}

}  // namespace dummynet::cli

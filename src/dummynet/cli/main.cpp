#include <exception>
#include <iostream>

#include "dummynet/cli/command_line.hpp"
#include "dummynet/cli/exit_code.hpp"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);  // all our output goes through streams
  try {
    return dummynet::cli::run_command_line(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "dummynet: " << error.what() << '\n';
    return dummynet::cli::kMachine;
  }
}

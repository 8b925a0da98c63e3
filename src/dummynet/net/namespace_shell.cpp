#include "dummynet/net/namespace_shell.hpp"

#include <utility>

namespace dummynet::net {

RunOptions NamespaceShell::there(RunOptions options) const {
  options.place = place_;
  return options;
}

RunInfo NamespaceShell::run(const Command& command, const RunOptions& options) {
  return host_.run(command, there(options));
}

ProcessHandle NamespaceShell::run_async(const Command& command, const RunOptions& options) {
  return host_.run_async(command, there(options));
}

RunInfo NamespaceShell::poll_until(const Command& command, const Match& match, std::chrono::nanoseconds timeout,
                                   const RunOptions& options) {
  return host_.poll_until(command, match, timeout, there(options));
}

}  // namespace dummynet::net

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <iostream>
#include <string>
#include <system_error>

#include "dummynet/cli/command_line.hpp"
#include "dummynet/cli/diagnosis.hpp"
#include "dummynet/cli/exit_code.hpp"
#include "dummynet/core/monitor.hpp"
#include "dummynet/net/network.hpp"

namespace dummynet::cli {
namespace {

void tell(bool good, const std::string& what) { std::cout << (good ? "ok   " : "no   ") << what << std::endl; }

void tell_refusal(const std::string& what, const std::string& error, const RefusedStep& refused) {
  tell(false, fmt::format("{}: {}", what, error));
  const Diagnosis diagnosis = diagnose(refused, read_machine_facts());
  std::cout << "     cause: " << diagnosis.cause << "\n     mend:  " << diagnosis.mend << std::endl;
}

/// Tries one thing; false, and words about why, if it is refused.
bool attempt(const std::string& what, const std::function<std::string()>& action) {
  try {
    tell(true, what + action());
    return true;
  } catch (const StartError& error) {
    tell_refusal(what, error.what(), {error.object(), error.error_number()});
  } catch (const std::system_error& error) {
    tell_refusal(what, error.what(), {error.what(), error.code().value()});
  } catch (const std::exception& error) {
    tell(false, fmt::format("{}: {}", what, error.what()));
  }
  return false;
}

bool try_runs() {
  MonitorOptions options;
  options.sandbox = true;
  ProcessMonitor monitor{options};
  net::Network network{monitor};
  return attempt("sandbox: user, PID, mount, network, IPC and UTS namespaces",
                 [&] { return fmt::format(" ({})", to_string(monitor.containment())); }) &&
         attempt("network: two nodes and a link",
                 [&] {
                   network.add_node("left");
                   network.add_node("right");
                   network.add_link({"left", ""}, {"right", ""});
                   network.up();
                   return std::string{};
                 }) &&
         attempt("process: a program on a node", [&] {
           RunOptions on_node;
           on_node.place = network.place("left");
           monitor.run_process({"true"}, on_node);
           return std::string{};
         });
}

/// Worth knowing, but runs on nodes need none of it.
void try_host_processes() {
  attempt("host processes: containment without a sandbox is by ", [] {
    ProcessMonitor monitor;
    const Containment containment = monitor.containment();
    std::string text{to_string(containment)};
    if (containment == Containment::subreaper) {
      text +=
          "\n     no cgroup v2 can be made here: a tree that forks faster than /proc can be read may get away, and"
          "\n     memory peaks are sampled; mend: run as root, or in a delegated cgroup: systemd-run --user --scope -p "
          "Delegate=yes …";
    }
    return text;
  });
}

}  // namespace

void add_doctor(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("doctor", "Try what a run needs on this machine; name cause and mend");
  command->footer("Exit codes: 0 runs are possible here, 3 they are not.");
  command->callback([&exit_code] {
    std::cout << "user " << ::geteuid()
              << (read_machine_facts().has_cap_sys_admin ? ", with CAP_SYS_ADMIN" : ", an ordinary one") << std::endl;
    const bool possible = try_runs();
    try_host_processes();
    std::cout << (possible ? "Scenarios can be run here." : "Scenarios cannot be run here.") << std::endl;
    exit_code = possible ? kPassed : kMachine;
  });
}

}  // namespace dummynet::cli

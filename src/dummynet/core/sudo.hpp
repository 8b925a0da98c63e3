#pragma once

#include <memory>
#include <string>

#include "dummynet/core/secret.hpp"
#include "dummynet/core/warden_process.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet {

/// How a monitor gets to a warden that runs as root: through sudo(8), which a first, ordinary warden starts, so that
/// this program gets no child by it. The password, if one is needed, comes from $DUMMYNET_SUDO_PASSWD or else from one
/// question on the controlling terminal; it is kept for the next time, until the monitor is destroyed.
/// The sudoers(5) rule must allow the warden program (or anything) as root, not the single commands.
class SudoSession {
 public:
  /// Blocks until root's warden is at work. It has no namespaces, whatever `options` say, and ends when it is destroyed
  /// or this program ends; sudo follows it. `carrier` starts sudo. Where this program is root already, sudo is not
  /// needed and the warden is started directly. `command` is only for messages: the process that it is for.
  /// Throws StartError (Step::sudo, with sudo's own words and what to do) when it is refused; never waits for input
  /// that nobody can give.
  std::unique_ptr<WardenProcess> launch(WardenProcess& carrier, MonitorOptions options, const std::string& run,
                                        const std::string& command = "a process with sudo");

 private:
  std::unique_ptr<WardenProcess> attempt(WardenProcess& carrier, const MonitorOptions& options, const std::string& run,
                                         const std::string& command, const Secret* password, std::string& words);

  std::shared_ptr<const Secret> password_;  // shared with other monitors when it came from the environment
  os::Fd words_;                            // what sudo writes as long as it runs: a reader must be there
};

}  // namespace dummynet

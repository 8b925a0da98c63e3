#include <sys/stat.h>

#include <ctime>
#include <iostream>
#include <string>

#include "dummynet/cli/command_line.hpp"
#include "dummynet/cli/exit_code.hpp"
#include "dummynet/core/stale_cgroups.hpp"
#include "dummynet/os/run_directory.hpp"
#include "dummynet/scenario/run_list.hpp"

namespace dummynet::cli {
namespace {

/// Counts what was removed, and tells each thing.
class Sweep {
 public:
  void removed(const std::string& what) { std::cout << "removed " << what << '\n', ++removed_; }
  void left(const std::string& what, const std::string& why) {
    std::cout << "left    " << what << ": " << why << '\n';
    ++left_;
  }
  int exit_code() const { return left_ > 0 ? kFailed : kPassed; }
  bool found_something() const { return removed_ + left_ > 0; }

 private:
  int removed_ = 0;
  int left_ = 0;
};

/// A run that just begins has not written its facts yet.
bool is_young(const scenario::FoundRun& run) {
  constexpr std::time_t kYouth = 60;
  struct stat status {};
  return ::fstat(run.directory.get(), &status) != 0 || std::time(nullptr) - status.st_mtime < kYouth;
}

void sweep_directories(Sweep& sweep) {
  for (const scenario::FoundRun& run : scenario::find_runs()) {
    if (run.answers) continue;
    if (!run.facts) {
      if (!is_young(run)) sweep.left(run.path, "it does not say whose it is");
      continue;
    }
    switch (scenario::owner_state(*run.facts)) {
      case scenario::OwnerState::alive:
        break;  // between its first and its last breath it need not answer
      case scenario::OwnerState::unknown:
        sweep.left(run.path, "its owner belongs to another PID namespace, so nobody can say here whether it is dead");
        break;
      case scenario::OwnerState::dead:
        if (os::remove_run_directory(run.path)) {
          sweep.removed(run.path);
        } else {
          sweep.left(run.path, "it holds what no run has put there");
        }
    }
  }
}

}  // namespace

void add_clean(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("clean", "Remove what dead runs left behind, and say what that was");
  command->footer(
      "A run takes everything along when it ends, even by SIGKILL; this is for what a crash of the machine or the "
      "like\n"
      "left. Only what provably was a run's whose owner is dead is touched: directories of runs, and cgroups with the\n"
      "processes in them. Exit codes: 0 all of it is gone, 1 something had to be left.");
  command->callback([&exit_code] {
    Sweep sweep;
    sweep_directories(sweep);
    for (const StaleCgroup& stale : remove_stale_cgroups()) {
      stale.removed ? sweep.removed("cgroup " + stale.path) : sweep.left("cgroup " + stale.path, stale.why_not);
    }
    if (!sweep.found_something()) std::cout << "nothing was left behind\n";
    exit_code = sweep.exit_code();
  });
}

}  // namespace dummynet::cli

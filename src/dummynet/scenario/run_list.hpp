#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/os/fd.hpp"
#include "dummynet/scenario/run_facts.hpp"

namespace dummynet::scenario {

/// A run's directory, as it was found.
struct FoundRun {
  std::string path{};
  uid_t user = 0;
  os::Fd directory{};
  std::optional<RunFacts> facts{};  ///< nothing: it is just beginning, or is no run's
  bool answers = false;             ///< somebody listens at its socket: it runs
};

/// Those of this user, or as root those of everybody; by the time they were started.
std::vector<FoundRun> find_runs();

/// Which run is meant: by its whole name, the beginning of it, the owner's PID, or "-" for the only one there is.
struct RunChoice {
  std::size_t index = 0;
  std::string complaint{};  ///< not empty: none, or more than one
};
/// Pure.
RunChoice choose_run(std::string_view word, std::span<const RunFacts> runs);

}  // namespace dummynet::scenario

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dummynet/cli/diagnosis.hpp"

namespace dummynet::cli {

/// One thing that runs may need, tried for real.
struct MachineCheck {
  enum class State {
    ok,
    missing,  ///< refused: see the rest
    unknown,  ///< not tried, since what it stands on is refused
  };
  std::string name{};  ///< "netem"
  State state = State::ok;
  bool required = false;      ///< without it there are no runs
  std::string detail{};       ///< what was found, or the kernel's words
  std::string consequence{};  ///< what cannot be had without it
  std::string cause{};
  std::string mend{};
};

/// Tries everything, each thing in a sandbox that goes at the end.
std::vector<MachineCheck> check_machine();

/// All that is required is there.
bool runs_are_possible(const std::vector<MachineCheck>& checks);

/// What a refusal of this thing means, in words. Pure.
MachineCheck explain(const std::string& name, const RefusedStep& refused, const MachineFacts& facts);

/// Tries what can only be tried from inside: 0, or errno. Unknown names: ENOSYS.
int probe_from_inside(const std::string& name);

}  // namespace dummynet::cli

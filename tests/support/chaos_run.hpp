#pragma once

#include <sys/types.h>

#include <ostream>
#include <string>

#include "dummynet/os/fd.hpp"
#include "support/family.hpp"
#include "support/ordinary_user.hpp"

namespace dummynet::test {

/// A kind of run for the chaos test: what its owner is, and what runs in it.
struct ChaosKind {
  const char* name;
  bool is_command;     ///< the owner is the command `dummynet run`; else a program that uses the library
  bool delegated;      ///< an ordinary user gets a cgroup of his own
  int bytes;           ///< the Life says so many when all of it is up
  int rounds;          ///< for each user
  const char* detail;  ///< what it is about, for messages
  bool has_engine = false;
};

inline constexpr ChaosKind kChaosKinds[] = {
    {"traffic", true, false, 1, 24, "dummynet run: two nodes, iperf3 between them"},
    {"bomb", true, false, 1, 12, "dummynet run: 400 processes that all forked themselves"},
    {"stopped", true, false, 1, 12, "dummynet run: processes that are stopped"},
    {"links", true, false, 1, 16, "dummynet run: traffic over an emulated link", true},
    {"star", false, false, 2, 12, "the library: a star of 50 nodes"},
    {"host", false, false, 10, 20, "the library: daemons and chains of forks on the host, no cgroup"},
    {"cgroup", false, true, 10, 20, "the library: the same, and limits, with cgroups"},
};

inline std::ostream& operator<<(std::ostream& out, const ChaosKind& kind) { return out << kind.name; }

/// One owner with its run.
class ChaosRun {
 public:
  struct Setup {
    ChaosKind kind;
    bool ordinary;       ///< as the ordinary user
    std::string folder;  ///< where all its temporary files belong; everybody may write there
    std::string life;    ///< the path of the Life its processes hold
  };
  /// Starts it. What it says goes to output(), outside of the folder.
  ChaosRun(Family& family, const Setup& setup, const DelegatedCgroup& delegated);

  enum class Victim { owner, warden, guardian, engine };

  /// 0: there is none, yet or any more.
  pid_t find(Victim victim) const;
  pid_t owner() const noexcept { return owner_; }
  /// Asks the owner to stop its run and end, as a person would, or a program that has seen enough. It may be gone.
  void ask_to_stop();
  /// All that the owner printed.
  std::string output() const;

 private:
  ChaosKind kind_;
  os::Fd output_;
  os::Fd to_owner_;
  pid_t owner_ = 0;
};

}  // namespace dummynet::test

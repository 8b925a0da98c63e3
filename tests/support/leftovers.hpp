#pragma once

#include <sys/types.h>

#include <set>
#include <string>

namespace dummynet::test {

/// What must be gone when a test ends: children, descriptors, processes that it started in whatever way, cgroups of its
/// runs. Processes are known by a variable in their environment, which this sets for as long as it lives.
class Leftovers {
 public:
  Leftovers();
  ~Leftovers();
  Leftovers(const Leftovers&) = delete;
  Leftovers& operator=(const Leftovers&) = delete;

  /// Names what there is that was not there before, waiting for what is just about to go. Empty: nothing.
  std::string found() const;
  /// The processes alone, at this very moment: "1234 (sleep) ". Zombies are none.
  std::string processes() const;

  /// A forked copy of this program may make runs too.
  static void also_look_for(pid_t owner);

  /// The open descriptors, each with what it leads to.
  static std::set<std::string> descriptors();

 private:
  std::string found_now() const;

  std::string mark_;
  std::set<std::string> descriptors_before_;
  std::set<std::string> cgroups_before_;
};

}  // namespace dummynet::test

#pragma once

#include <sys/types.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "dummynet/os/proc_scan.hpp"

namespace dummynet::warden {

/// All processes as they were at one moment, by how they hang together. Reading /proc costs some 5 us a process; asking
/// the table costs what the answer is long, so one table serves thousands of trees.
class ProcessTable {
 public:
  explicit ProcessTable(std::vector<os::ProcessStat> processes);

  /// Null: there was none, or a zombie.
  const os::ProcessStat* find(pid_t pid) const;
  /// Zombies left out.
  std::vector<const os::ProcessStat*> children_of(pid_t parent) const;
  std::vector<const os::ProcessStat*> in_session(pid_t session) const;
  /// The first ones and all that descend from them, each once.
  std::vector<const os::ProcessStat*> with_descendants(std::vector<const os::ProcessStat*> first) const;

 private:
  std::vector<os::ProcessStat> processes_;  // without zombies
  std::unordered_map<pid_t, const os::ProcessStat*> by_pid_;
  std::unordered_multimap<pid_t, const os::ProcessStat*> by_parent_;
  std::unordered_multimap<pid_t, const os::ProcessStat*> by_session_;
};

/// The mark in the environment a process was started with: what follows NAME in the first "NAME=value" that begins with
/// `prefix`; empty: there is none, or we may not look.
std::string find_mark(pid_t pid, const std::string& prefix);

}  // namespace dummynet::warden

#pragma once

#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace dummynet::test {

/// What a run could have left behind besides processes: namespaces, cgroups, mounts, files. Made before the run.
class Aftermath {
 public:
  /// `folder`: where the run is told to put temporary files; holds nothing of its own but what is there now.
  explicit Aftermath(std::string folder);

  /// While the run is at work: remembers everybody who is in a namespace of this process (the warden) that is not ours,
  /// or holds a descriptor of such a namespace. `owner` may live on.
  void remember_namespaces(pid_t warden, pid_t owner);
  /// Names what is left of the run of this owner. Empty: nothing.
  std::string found(pid_t owner) const;

 private:
  std::string processes() const;
  std::string files(pid_t owner) const;

  std::string folder_;
  std::vector<std::string> files_before_;
  std::string mounts_before_;
  std::set<std::string> cgroups_before_;
  std::map<pid_t, std::string> holders_;  // with their starting time: a pid can come again
};

}  // namespace dummynet::test

#pragma once

#include <sys/types.h>

#include <string>

namespace dummynet::test {

/// Owns nothing, is in no group.
inline constexpr uid_t kOrdinary = 65534;

/// For good: root's process becomes that user's, as if he had started it himself; anybody else is ordinary already.
/// Throws std::runtime_error.
void become_ordinary();

/// A cgroup that belongs to the ordinary user, as a service manager delegates one; or none where we cannot make one.
/// Goes with everything in it that is empty.
class DelegatedCgroup {
 public:
  /// `wanted`: false makes none.
  explicit DelegatedCgroup(bool wanted);
  ~DelegatedCgroup();
  DelegatedCgroup(const DelegatedCgroup&) = delete;
  DelegatedCgroup& operator=(const DelegatedCgroup&) = delete;

  /// This process goes there. Needs our own rights.
  void enter() const;

 private:
  std::string path() const { return parent_ + '/' + name_; }
  std::string parent_;
  std::string name_;
};

}  // namespace dummynet::test

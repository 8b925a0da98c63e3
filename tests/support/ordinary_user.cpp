#include "support/ordinary_user.hpp"

#include <grp.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <stdexcept>
#include <system_error>

#include "dummynet/os/cgroup.hpp"
#include "support/waiting.hpp"

namespace dummynet::test {

void become_ordinary() {
  if (::geteuid() != 0) return;
  if (::setgroups(0, nullptr) != 0 || ::setresgid(kOrdinary, kOrdinary, kOrdinary) != 0 ||
      ::setresuid(kOrdinary, kOrdinary, kOrdinary) != 0) {
    throw std::runtime_error{"cannot become an ordinary user"};
  }
  ::prctl(PR_SET_DUMPABLE, 1);  // /proc/self is his
}

DelegatedCgroup::DelegatedCgroup(bool wanted) {
  const std::string own = os::Cgroup::where_am_i();
  if (!wanted || own.empty()) return;
  try {
    const std::string name = "dummynet-test." + std::to_string(::getpid());
    os::Cgroup::open(own).create(name);
    parent_ = own;
    name_ = name;
  } catch (const std::system_error&) {
    return;
  }
  for (const char* file : {"", "/cgroup.procs", "/cgroup.subtree_control"}) {
    if (::chown((path() + file).c_str(), kOrdinary, kOrdinary) != 0) throw std::runtime_error{"chown of a cgroup"};
  }
}

DelegatedCgroup::~DelegatedCgroup() {
  if (name_.empty()) return;
  // No event tells of the last one's leaving to those who want to remove it.
  EXPECT_TRUE(eventually([&] { return os::Cgroup::open(parent_).remove_child(name_); }));
}

void DelegatedCgroup::enter() const {
  if (!name_.empty()) os::Cgroup::open(path()).add(0);
}

}  // namespace dummynet::test

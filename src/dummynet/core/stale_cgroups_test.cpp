#include "dummynet/core/stale_cgroups.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <exception>

#include "dummynet/core/monitor.hpp"

namespace dummynet {
namespace {

/// In a program of its own, whose end code it returns: 1 when it threw.
template <typename Work>
pid_t in_child(Work work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    work();
    ::_exit(0);
  } catch (const std::exception&) {
    ::_exit(1);
  }
}

TEST(StaleCgroup, IsKnownByItsName) {
  EXPECT_EQ(owner_in_cgroup_name("dummynet.4711-0123abcd"), 4711);
  EXPECT_EQ(owner_in_cgroup_name("dummynet.4711-0123abcd.12"), 4711);
}

TEST(StaleCgroup, IsNotWhatOthersCallTheirs) {
  for (const char* name :
       {"dummynet", "dummynet.4711", "dummynet.4711-0123abc", "dummynet.4711-0123abcz", "dummynet.4711-0123abcd.",
        "dummynet.4711-0123abcd.x", "dummynet.4711-0123abcde", "dummynet.0-0123abcd", "dummynet.-1-0123abcd",
        "dummynet.99999999999-0123abcd", "xdummynet.4711-0123abcd", "dummynet.service", ""}) {
    EXPECT_EQ(owner_in_cgroup_name(name), 0) << name;
  }
}

// Its PID is in use, but was not yet when somebody else began to look.
TEST(StaleCgroup, IsNoneOfAProgramThatHasJustStarted) {
  const pid_t cleaner = in_child([] {
    for (;;) remove_stale_cgroups();
  });
  ASSERT_GT(cleaner, 0);
  constexpr int kPrograms = 200;
  int failed = 0;
  for (int i = 0; i < kPrograms; ++i) {
    const pid_t program = in_child([] {
      ProcessMonitor monitor;
      monitor.run_process({"/bin/true"});
    });
    ASSERT_GT(program, 0);
    int status = 0;
    ASSERT_EQ(::waitpid(program, &status, 0), program);
    if (status != 0) ++failed;
  }
  ::kill(cleaner, SIGKILL);
  ::waitpid(cleaner, nullptr, 0);
  EXPECT_EQ(failed, 0) << "of " << kPrograms;
}

}  // namespace
}  // namespace dummynet

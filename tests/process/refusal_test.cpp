// Machines that refuse what we would like best.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "dummynet/core/monitor.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {
namespace {

using testing::HasSubstr;

/// From now on the kernel refuses this call to us and to all we start, with EPERM: seccomp(2).
void forbid(long number) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{4, program};
  ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

class Refusal : public MonitorTest {};

TEST_F(Refusal, HalfMadeCgroupsAfterAFailedConstructor) {
  in_child([] {
    forbid(SYS_unshare);
    const Leftovers before;
    for (const Kind kind : {Kind::isolate, Kind::sandbox}) {
      ProcessMonitor monitor{options_for(kind)};
      const auto error = thrown<StartError>([&] { monitor.run_process({"true"}); });
      EXPECT_EQ(error.step(), StartError::Step::namespaces) << error.what();
      EXPECT_EQ(error.error_number(), EPERM) << error.what();
    }
    EXPECT_EQ(before.found(), "");
  });
}

TEST_F(Refusal, BlockedUserNamespacesWithoutAWordWhy) {
  as_nobody([] {
    forbid(SYS_unshare);
    ProcessMonitor monitor{options_for(Kind::sandbox)};

    const auto error = thrown<StartError>([&] { monitor.run_process({"true"}); });

    EXPECT_EQ(error.error_number(), EPERM);
    EXPECT_THAT(error.what(), HasSubstr("user namespace"));
    EXPECT_THAT(error.what(), HasSubstr("Operation not permitted"));
    ProcessMonitor plain;
    EXPECT_TRUE(plain.run_process({"true"}).succeeded()) << "without namespaces it works all the same";
  });
}

TEST_F(Refusal, Clone3RefusedAsUnderDocker) {
  in_child([] {
    forbid(SYS_clone3);
    for (const Kind kind : kKinds) {
      ProcessMonitor monitor{options_for(kind)};
      EXPECT_EQ(monitor.run_process({"echo", "works"}).out.text(), "works\n");
    }
  });
}

}  // namespace
}  // namespace dummynet::test

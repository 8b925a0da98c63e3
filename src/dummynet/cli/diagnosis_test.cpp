#include "dummynet/cli/diagnosis.hpp"

#include <gmock/gmock.h>

#include <cerrno>

namespace dummynet::cli {
namespace {

using ::testing::HasSubstr;

const RefusedStep kUserNamespace{"make a user namespace", EPERM};

TEST(Diagnosis, KnowsTheLimitsOfTheKernel) {
  MachineFacts facts;
  facts.max_user_namespaces = 0;
  const Diagnosis users = diagnose({"make a user namespace", ENOSPC}, facts);
  EXPECT_THAT(users.cause, HasSubstr("user.max_user_namespaces is 0"));
  EXPECT_THAT(users.mend, HasSubstr("sysctl -w user.max_user_namespaces"));

  facts.max_user_namespaces = 1000;
  facts.max_net_namespaces = 0;
  EXPECT_THAT(diagnose({"make the namespaces of the run", ENOSPC}, facts).cause,
              HasSubstr("user.max_net_namespaces is 0"));
  facts.max_net_namespaces = 1000;
  EXPECT_THAT(diagnose({"make the namespaces of the run", ENOSPC}, facts).cause, HasSubstr("nested deeper than 32"));
}

TEST(Diagnosis, KnowsTheSwitchesOfDistributions) {
  MachineFacts debian;
  debian.unprivileged_userns_clone = 0;
  EXPECT_THAT(diagnose(kUserNamespace, debian).mend, HasSubstr("kernel.unprivileged_userns_clone=1"));

  MachineFacts ubuntu;
  ubuntu.apparmor_restricts = 1;
  EXPECT_THAT(diagnose({"write /proc/self/uid_map", EACCES}, ubuntu).cause, HasSubstr("AppArmor"));
  EXPECT_THAT(diagnose({"bring up the loopback interface", EPERM}, ubuntu).cause, HasSubstr("AppArmor"));
}

TEST(Diagnosis, KnowsContainersAndChroots) {
  MachineFacts docker;
  docker.seccomp_mode = 2;
  EXPECT_THAT(diagnose(kUserNamespace, docker).cause, HasSubstr("seccomp"));
  EXPECT_THAT(diagnose({"mount /proc", EPERM}, docker).mend, HasSubstr("systempaths=unconfined"));

  MachineFacts chroot;
  chroot.in_chroot = true;
  EXPECT_THAT(diagnose(kUserNamespace, chroot).cause, HasSubstr("chroot"));
}

TEST(Diagnosis, DoesNotBlameSwitchesThatDoNotBindRoot) {
  MachineFacts root;
  root.has_cap_sys_admin = true;
  root.unprivileged_userns_clone = 0;
  root.apparmor_restricts = 1;
  EXPECT_THAT(diagnose({"make the namespaces of the run", EINVAL}, root).cause,
              HasSubstr("the kernel says: Invalid argument"));
}

TEST(Diagnosis, ReadsThisMachine) {
  const MachineFacts facts = read_machine_facts();
  EXPECT_TRUE(facts.seccomp_mode.has_value());
}

}  // namespace
}  // namespace dummynet::cli

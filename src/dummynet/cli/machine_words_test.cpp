#include <gmock/gmock.h>

#include <cerrno>

#include "dummynet/cli/machine_check.hpp"

namespace dummynet::cli {
namespace {

using testing::HasSubstr;

TEST(MachineWords, NameConsequenceCauseAndMend) {
  const MachineCheck netem = explain("netem", {"netem", ENOENT}, {});
  EXPECT_EQ(netem.state, MachineCheck::State::missing);
  EXPECT_FALSE(netem.required);
  EXPECT_THAT(netem.consequence, HasSubstr("cannot delay or lose packets"));
  EXPECT_EQ(netem.cause, "this kernel has no netem, or its module is not loaded");
  EXPECT_THAT(netem.mend, HasSubstr("modprobe sch_netem"));
  EXPECT_EQ(explain("vlan", {"vlan", EPERM}, {}).cause, "");
}

TEST(MachineWords, OfTheSandboxAreTheDiagnosis) {
  MachineFacts facts;
  facts.max_user_namespaces = 0;
  const MachineCheck sandbox = explain("sandbox", {"make a user namespace", ENOSPC}, facts);
  EXPECT_TRUE(sandbox.required);
  EXPECT_THAT(sandbox.cause, HasSubstr("user.max_user_namespaces is 0"));
  EXPECT_THAT(sandbox.mend, HasSubstr("sysctl -w user.max_user_namespaces"));
}

TEST(MachineWords, OnlyWhatIsRequiredMakesRunsImpossible) {
  MachineCheck good{"process", MachineCheck::State::ok, true, {}, {}, {}, {}};
  MachineCheck nice = explain("netem", {"netem", ENOENT}, {});
  EXPECT_TRUE(runs_are_possible({good, nice}));
  good.state = MachineCheck::State::unknown;
  EXPECT_FALSE(runs_are_possible({good, nice}));
}

}  // namespace
}  // namespace dummynet::cli

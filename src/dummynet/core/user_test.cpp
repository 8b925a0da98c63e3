#include "dummynet/core/user.hpp"

#include <gmock/gmock.h>
#include <grp.h>
#include <pwd.h>

namespace dummynet {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr Standing kRootSandbox{true, false, 0, 0};
constexpr Standing kRootlessSandbox{true, true, 4711, 4712};
constexpr Standing kOrdinaryHost{false, false, 4711, 4712};
// Root without CAP_SYS_ADMIN, or root of a container: takes the rootless path.
constexpr Standing kPowerlessRootSandbox{true, true, 0, 0};

std::string fault(const std::string& user, const Standing& standing) {
  try {
    resolve_user(user, standing);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

TEST(Account, IsFoundByNameAndByNumber) {
  const auto by_name = find_account("root");
  ASSERT_TRUE(by_name);
  EXPECT_EQ(by_name->uid, 0U);
  EXPECT_THAT(by_name->groups, Contains(0U));
  const auto by_number = find_account("0");
  ASSERT_TRUE(by_number);
  EXPECT_EQ(by_number->name, "root");
  EXPECT_EQ(by_number->home, by_name->home);
}

TEST(Account, MayBeANumberThatNobodyHas) {
  const auto account = find_account("3999999999");
  ASSERT_TRUE(account);
  EXPECT_EQ(account->uid, 3999999999U);
  EXPECT_EQ(account->gid, 3999999999U);
  EXPECT_EQ(account->name, "");
}

TEST(Account, IsNotMadeUp) {
  for (const char* name : {"no-such-account", "", "-1", "12x", "4294967295", "99999999999", "../root", "a:b"}) {
    EXPECT_FALSE(find_account(name)) << name;
  }
}

TEST(ResolveUser, KeepsWhatIsAlreadySo) {
  for (const Standing& standing : {kRootSandbox, kRootlessSandbox, kPowerlessRootSandbox}) {
    EXPECT_EQ(resolve_user("", standing).kind, Identity::Kind::unchanged);
    EXPECT_EQ(resolve_user("root", standing).kind, Identity::Kind::unchanged);
  }
  EXPECT_EQ(resolve_user("self", kRootSandbox).kind, Identity::Kind::unchanged);
  EXPECT_EQ(resolve_user("self", kPowerlessRootSandbox).kind, Identity::Kind::unchanged);
  EXPECT_EQ(resolve_user("self", kOrdinaryHost).kind, Identity::Kind::unchanged);
  EXPECT_EQ(resolve_user("4711", kOrdinaryHost).kind, Identity::Kind::unchanged);
}

TEST(ResolveUser, NestsTheOwnUserOfARootlessSandbox) {
  for (const char* name : {"self", "4711"}) {
    const Identity identity = resolve_user(name, kRootlessSandbox);
    EXPECT_EQ(identity.kind, Identity::Kind::nested) << name;
    EXPECT_EQ(identity.account.uid, 4711U);
    EXPECT_EQ(identity.account.gid, 4712U);
  }
}

TEST(ResolveUser, ChangesToAccountsForRootAlone) {
  const Identity identity = resolve_user("4711", kRootSandbox);
  EXPECT_EQ(identity.kind, Identity::Kind::changed);
  EXPECT_EQ(identity.account.uid, 4711U);
  EXPECT_THAT(fault("4712", kOrdinaryHost), HasSubstr("only root"));
  EXPECT_THAT(fault("root", kOrdinaryHost), HasSubstr("only root"));
  EXPECT_THAT(fault("4712", kRootlessSandbox), HasSubstr("knows no ids but his own"));
  EXPECT_THAT(fault("4712", kPowerlessRootSandbox), HasSubstr("knows no ids but his own"));
  EXPECT_THAT(fault("no-such-account", kRootSandbox), HasSubstr("there is no account 'no-such-account'"));
}

}  // namespace
}  // namespace dummynet

#include "dummynet/net/scoped_name.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace dummynet::net {
namespace {

TEST(Base58, CountsWithoutCharactersThatLookAlike) {
  EXPECT_EQ(base58(0), "1");
  EXPECT_EQ(base58(57), "z");
  EXPECT_EQ(base58(58), "21");
  EXPECT_EQ(base58(58U * 58 * 58 * 58 - 1), "zzzz");
  EXPECT_EQ(base58(4'194'304), "NVpb");  // the largest pid there can be: proc(5)
  EXPECT_EQ(base58(0xffff'ffffU), "7YXq9G");
}

TEST(NameScope, PutsTheNumberBeforeTheName) {
  EXPECT_EQ(NameScope{1}.interface("eth0"), "d-1112-eth0");
  EXPECT_EQ(NameScope{4'194'304}.interface("eth0"), "d-NVpb-eth0");
  EXPECT_NE(NameScope{1000}.interface("eth0"), NameScope{1001}.interface("eth0"));
}

TEST(NameScope, LeavesTheLoopbackAlone) {
  EXPECT_EQ(NameScope{1}.interface("lo"), "lo");
  EXPECT_EQ(NameScope{1}.unscoped("lo"), "lo");
}

TEST(NameScope, ScopesNothingForZero) {
  const NameScope scope{0};
  EXPECT_EQ(scope.interface("fifteen-letters"), "fifteen-letters");
  EXPECT_EQ(scope.unscoped("eth0"), "eth0");
  EXPECT_THROW((void)scope.interface("sixteen-letters-"), std::invalid_argument);
}

TEST(NameScope, FindsItsOwnNamesAgain) {
  const NameScope scope{7};
  EXPECT_EQ(scope.unscoped(scope.interface("wan.5")), "wan.5");
  EXPECT_FALSE(scope.unscoped("eth0"));
  EXPECT_FALSE(scope.unscoped(NameScope{8}.interface("wan")));
  EXPECT_FALSE(scope.unscoped("d-1118-"));
}

TEST(NameScope, LeavesEightCharacters) {
  const NameScope scope{4'194'304};
  EXPECT_EQ(scope.interface("12345678").size(), 15U);
  try {
    (void)scope.interface("123456789");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "interface name '123456789' is longer than 8 characters, which is what 'd-NVpb-' before it leaves");
  }
}

TEST(NameScope, RefusesWhatTheKernelWouldRefuse) {
  for (const char* name : {"", "../x", ";rm\n", "a b", "é", ".", "..", "all", "a/b", "a:b", "%d"}) {
    EXPECT_THROW((void)NameScope{1}.interface(name), std::invalid_argument) << name;
  }
  EXPECT_THROW((void)NameScope{1}.interface(std::string(300, 'x')), std::invalid_argument);
}

}  // namespace
}  // namespace dummynet::net

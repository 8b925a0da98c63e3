#include "dummynet/net/name.hpp"

#include <gtest/gtest.h>

namespace dummynet::net {
namespace {

class GoodNodeName : public testing::TestWithParam<const char*> {};
TEST_P(GoodNodeName, HasNoFault) { EXPECT_EQ(find_fault_in_node_name(GetParam()), std::nullopt); }
INSTANTIATE_TEST_SUITE_P(Names, GoodNodeName, testing::Values("a", "client", "Server-2", "7up", "x--y", "1a"));

class BadNodeName : public testing::TestWithParam<std::string> {};
TEST_P(BadNodeName, HasAFault) { EXPECT_NE(find_fault_in_node_name(GetParam()), std::nullopt); }
INSTANTIATE_TEST_SUITE_P(Names, BadNodeName,
                         testing::Values("", "-a", "a-", "a b", "a.b", "a_b", "a;reboot", "$(id)", "../etc",
                                         "a\n10.0.0.9 b", std::string{"a\0b", 3}, "käse", "localhost", "LocalHost", "7",
                                         "0x7f", std::string(64, 'a')));

TEST(InterfaceName, FollowsTheKernel) {
  EXPECT_EQ(find_fault_in_interface_name("eth0"), std::nullopt);
  EXPECT_EQ(find_fault_in_interface_name("wan.7@x"), std::nullopt);
  EXPECT_EQ(find_fault_in_interface_name("fifteen-chars-x"), std::nullopt);
  for (const char* bad : {"", "sixteen-chars-xx", "a/b", "a:b", "a b", "a%d", "a\tb", ".", "..", "lo", "all", "\x80"}) {
    EXPECT_NE(find_fault_in_interface_name(bad), std::nullopt) << bad;
  }
}

TEST(InQuotes, ShowsWhatCannotBePrinted) {
  EXPECT_EQ(in_quotes("a b"), "'a b'");
  EXPECT_EQ(in_quotes("a\n\x1b["), "'a\\x0a\\x1b['");
  EXPECT_LT(in_quotes(std::string(1000, 'x')).size(), 100U);
}

}  // namespace
}  // namespace dummynet::net

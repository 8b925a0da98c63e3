#include "dummynet/net/address.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace dummynet::net {
namespace {

TEST(AddressPlan, GivesEachLinkItsOwnSubnet) {
  AddressPlan plan;

  EXPECT_EQ(plan.next(), (LinkAddresses{0x0a000001, 0x0a000002, 30}));
  EXPECT_EQ(plan.next(), (LinkAddresses{0x0a000005, 0x0a000006, 30}));
}

TEST(AddressPlan, NeverLeavesItsRangeNorRepeats) {
  AddressPlan plan{0xc0a80100, 24};
  std::set<Ipv4> seen;

  for (int link = 0; link < 64; ++link) {
    const LinkAddresses addresses = plan.next();
    EXPECT_EQ(addresses.first >> 2U, addresses.second >> 2U);
    EXPECT_EQ(addresses.first >> 8U, 0xc0a801U);
    EXPECT_TRUE(seen.insert(addresses.first).second);
    EXPECT_TRUE(seen.insert(addresses.second).second);
  }
  EXPECT_THROW(plan.next(), std::length_error);
  EXPECT_THROW(plan.next(), std::length_error);
}

TEST(AddressPlan, RefusesHostBitsAndLongPrefixes) {
  EXPECT_THROW((AddressPlan{0x0a000001, 8}), std::invalid_argument);
  EXPECT_THROW((AddressPlan{0x0a000000, 31}), std::invalid_argument);
  EXPECT_THROW((AddressPlan{0, -1}), std::invalid_argument);
  EXPECT_NO_THROW((AddressPlan{0, 0}));
}

TEST(Ipv4Text, IsDotted) {
  EXPECT_EQ(to_text(0x0a000001), "10.0.0.1");
  EXPECT_EQ(to_text(0xffffffff), "255.255.255.255");
}

}  // namespace
}  // namespace dummynet::net

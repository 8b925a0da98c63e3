#include "dummynet/net/ip.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace dummynet::net {
namespace {

IpAddress parsed(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  for (const char* text : {"0.0.0.0", "10.0.0.1", "255.255.255.255", "::", "::1", "fd00::1", "2001:db8::a:0:0:1"}) {
    EXPECT_EQ(parsed(text).text(), text);
  }
  EXPECT_EQ(parsed("FD00:0:0:0:0:0:0:1").text(), "fd00::1");
  EXPECT_EQ(parsed("10.0.0.1"), IpAddress{0x0a000001U});
  EXPECT_EQ(parsed("10.0.0.1").family(), IpFamily::v4);
  EXPECT_EQ(parsed("::1").family(), IpFamily::v6);
}

TEST(IpAddress, RefusesWhatOnlyLooksLikeOne) {
  for (const char* text : {"", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1 ", " 10.0.0.1", "0x0a000001",
                           "10.0.0.1/8", "fd00:::1", "fe80::1%eth0", "12345::", "1:2:3:4:5:6:7:8:9", "localhost"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view{"10.0.0.1\0", 9}));
}

TEST(IpAddress, CountsOnAcrossBytes) {
  EXPECT_EQ(parsed("10.0.0.255").plus(1).text(), "10.0.1.0");
  EXPECT_EQ(parsed("0.0.0.0").plus(0xffffffffU).text(), "255.255.255.255");
  EXPECT_EQ(parsed("fd00::ffff:ffff:ffff:ffff").plus(1).text(), "fd00:0:0:1::");
  EXPECT_EQ(parsed("::1").plus(~std::uint64_t{0}).text(), "0:0:0:1::");
  EXPECT_THROW(parsed("255.255.255.255").plus(1), std::length_error);
  EXPECT_THROW(parsed("0.0.0.0").plus(std::uint64_t{1} << 32U), std::length_error);
  EXPECT_THROW(parsed("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").plus(1), std::length_error);
}

TEST(IpAddress, IsOrderedByFamilyThenNumber) {
  EXPECT_LT(parsed("255.255.255.255"), parsed("::"));
  EXPECT_LT(parsed("9.255.255.255"), parsed("10.0.0.0"));
}

TEST(Subnet, KnowsWhatIsInIt) {
  const Subnet subnet = Subnet::parse("10.0.0.4/30").value();

  EXPECT_TRUE(subnet.contains(parsed("10.0.0.7")));
  EXPECT_FALSE(subnet.contains(parsed("10.0.0.8")));
  EXPECT_FALSE(subnet.contains(parsed("a00:4::")));
  EXPECT_TRUE(Subnet::parse("0.0.0.0/0")->contains(parsed("192.0.2.1")));
  EXPECT_TRUE(subnet.overlaps(Subnet::parse("10.0.0.0/8").value()));
  EXPECT_TRUE(Subnet::parse("10.0.0.0/8")->overlaps(subnet));
  EXPECT_FALSE(subnet.overlaps(Subnet::parse("10.0.0.0/30").value()));
  EXPECT_TRUE(Subnet::parse("fd00:0:0:1::/64")->contains(parsed("fd00:0:0:1::99")));
  EXPECT_EQ(Subnet::parse("fd00::/48")->text(), "fd00::/48");
}

TEST(Subnet, RefusesHostBitsAndBadLengths) {
  for (const char* text : {"10.0.0.1/30", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08",
                           "10.0.0.0/8 ", "fd00::1/64", "fd00::/129"}) {
    EXPECT_FALSE(Subnet::parse(text)) << text;
  }
}

TEST(InterfaceAddress, KeepsAddressAndSubnet) {
  const InterfaceAddress address = InterfaceAddress::parse("10.1.2.3/20").value();

  EXPECT_EQ(address.text(), "10.1.2.3/20");
  EXPECT_EQ(address.subnet().text(), "10.1.0.0/20");
  EXPECT_EQ(InterfaceAddress::parse("fd00::5:1/112")->subnet().text(), "fd00::5:0/112");
  EXPECT_FALSE(InterfaceAddress::parse("10.1.2.3"));
}

TEST(MacAddress, IsSixBytesOfAUnicastAddress) {
  EXPECT_EQ(MacAddress::parse("02:00:5E:10:00:ff")->text(), "02:00:5e:10:00:ff");
  for (const char* text :
       {"", "02:00:00:00:00", "02:00:00:00:00:0", "02-00-00-00-00-01", "02:00:00:00:00:0g", "01:00:5e:00:00:01",
        "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "02:00:00:00:00:01:", "02:00:00:00:00:-1"}) {
    EXPECT_FALSE(MacAddress::parse(text)) << text;
  }
}

}  // namespace
}  // namespace dummynet::net

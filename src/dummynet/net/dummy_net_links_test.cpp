#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>

#include "dummynet/net/dummy_net.hpp"
#include "support/dummy_net_test.hpp"

namespace dummynet::net {
namespace {

using test::address;
using test::info;
using test::join;
using test::names;
using test::ping;
using test::succeeds;
using test::thrown;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DummyNetLinkTest : public test::DummyNetTest {};

TEST_F(DummyNetLinkTest, AVethPairCarriesPacketsBetweenNamespaces) {
  join(net());
  DummyNet left = net().netns_use("left");
  EXPECT_TRUE(succeeds(left, ping("10.0.0.2")));
  EXPECT_FALSE(succeeds(net(), {"ping", "-n", "-c", "1", "-W", "1", "10.0.0.2"})) << "the root is not on that link";
}

TEST_F(DummyNetLinkTest, NamesAreScopedByThePidUnlessTheyAreNotToBe) {
  net().link_veth_add("a", "b");
  const std::string scoped = net().kernel_name("a");
  EXPECT_THAT(scoped, testing::MatchesRegex("d-[1-9A-HJ-NP-Za-km-z]{4}-a"));
  EXPECT_EQ(info(net(), "a").kernel_name, scoped);
  EXPECT_TRUE(succeeds(net(), {"test", "-e", "/sys/class/net/" + scoped}));

  DummyNet plain{DummyNetOptions{.host = false, .uid = 0, .log = {}}};
  plain.link_veth_add("a", "b");
  EXPECT_TRUE(succeeds(plain, {"grep", "-q", "^ *a:", "/proc/net/dev"}));
}

TEST_F(DummyNetLinkTest, ListsWhatThereIsByKind) {
  net().link_veth_add("a", "b");
  net().bridge_add("hub");
  EXPECT_THAT(names(net(), "veth"), ElementsAre("a", "b"));
  EXPECT_THAT(names(net(), "bridge"), ElementsAre("hub"));
  EXPECT_THAT(names(net(), ""), Contains("lo"));
  const LinkInfo a = info(net(), "a");
  EXPECT_FALSE(a.is_up);
  EXPECT_EQ(a.mtu_bytes, 1500U);
  EXPECT_TRUE(a.mac);
}

TEST_F(DummyNetLinkTest, UpAndDownChangeTheAdministrativeState) {
  net().link_veth_add("a", "b");
  net().up("a");
  net().up("b");
  EXPECT_TRUE(info(net(), "a").is_up);
  EXPECT_TRUE(info(net(), "a").is_active);
  net().down("a");
  EXPECT_FALSE(info(net(), "a").is_up);
  EXPECT_FALSE(info(net(), "b").has_carrier);
}

TEST_F(DummyNetLinkTest, DeletingOneEndDeletesBothAndIsNoSurprise) {
  net().link_veth_add("a", "b");
  net().up("b");
  net().link_delete("a");
  EXPECT_THAT(names(net(), "veth"), IsEmpty());
  net().link_veth_add("a", "b");  // the names are free again
  net().link_delete("b");
  net().cleanup();
}

TEST_F(DummyNetLinkTest, AVlanSeparatesWhatIsOnOneCable) {
  join(net());
  for (const auto& [netns, interface, itself] :
       {std::tuple{"left", "l", "10.5.0.1/24"}, std::tuple{"right", "r", "10.5.0.2/24"}}) {
    DummyNet there = net().netns_use(netns);
    try {
      EXPECT_EQ(there.link_vlan_add(interface, 5), std::string{interface} + ".5");
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code().value(), EOPNOTSUPP);
      EXPECT_THAT(error.what(), HasSubstr("this kernel has no vlan (CONFIG_VLAN_8021Q)"));
      EXPECT_THAT(names(there, ""), ElementsAre("l", "lo"));
      GTEST_SKIP() << error.what();
    }
    there.addr_add(address(itself), std::string{interface} + ".5");
    there.up(std::string{interface} + ".5");
  }
  DummyNet left = net().netns_use("left");
  EXPECT_TRUE(succeeds(left, ping("10.5.0.2")));
  EXPECT_THAT(names(left, "vlan"), ElementsAre("l.5"));
}

TEST_F(DummyNetLinkTest, ABridgeJoinsItsPorts) {
  net().bridge_add("hub");
  net().up("hub");
  for (const std::string one : {"x", "y"}) {
    net().netns_add(one);
    net().link_veth_add(one + "0", one + "1");
    net().link_set(one, one + "1");
    net().bridge_set("hub", one + "0");
    net().up(one + "0");
    DummyNet there = net().netns_use(one);
    there.addr_add(address(one == "x" ? "10.1.0.1/24" : "10.1.0.2/24"), one + "1");
    there.up(one + "1");
  }
  EXPECT_THAT(net().bridge_list("hub"), ElementsAre("x0", "y0"));
  DummyNet x = net().netns_use("x");
  EXPECT_TRUE(succeeds(x, ping("10.1.0.2")));
}

TEST_F(DummyNetLinkTest, BadNamesAndNumbersAreRefusedBeforeAnythingIsMade) {
  for (const std::string bad : {"", "../x", "a b", "a\nb", "é", "longer-than-8"}) {
    EXPECT_THROW(net().link_veth_add("ok", bad), std::invalid_argument) << bad;
    EXPECT_THROW(net().bridge_add(bad), std::invalid_argument) << bad;
    EXPECT_THROW(net().up(bad), std::invalid_argument) << bad;
  }
  EXPECT_THROW(net().link_veth_add("a", "a"), std::invalid_argument);
  EXPECT_THROW(net().link_veth_add("a", "lo"), std::invalid_argument);
  EXPECT_THROW(net().link_delete("none"), std::invalid_argument);
  EXPECT_THROW(net().link_vlan_add("lo", 0), std::invalid_argument);
  EXPECT_THROW(net().link_vlan_add("lo", 5000, "v"), std::invalid_argument);
  EXPECT_THROW(net().bridge_set("lo", "lo"), std::invalid_argument);
  EXPECT_THROW(net().link_set("nowhere", "lo"), std::invalid_argument);
  EXPECT_THAT(names(net(), "veth"), IsEmpty());
}

TEST_F(DummyNetLinkTest, StrangeNamesMeanNothingToAnybody) {
  net().netns_add("one");
  net().link_veth_add("$(id)", ";rm");
  net().link_set("one", ";rm");
  net().netns_use("one").up(";rm");
  net().addr_add(address("10.0.0.1/24"), "$(id)");
  net().up("$(id)");
  EXPECT_THAT(names(net(), "veth"), ElementsAre("$(id)"));
  net().cleanup();
}

TEST_F(DummyNetLinkTest, ATakenNameIsTheKernelsRefusalAndLeavesTheOtherOne) {
  net().bridge_add("b");
  const auto error = thrown<std::system_error>([&] { net().link_veth_add("a", "b"); });
  EXPECT_EQ(error.code().value(), EEXIST);
  EXPECT_THAT(names(net(), "bridge"), ElementsAre("b"));
  EXPECT_THAT(names(net(), "veth"), IsEmpty());
}

}  // namespace
}  // namespace dummynet::net

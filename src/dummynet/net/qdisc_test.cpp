#include "dummynet/net/qdisc.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <set>
#include <system_error>

#include "support/own_namespace.hpp"

namespace dummynet::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::uint32_t kLoopback = 1;

NetlinkSocket open_rtnetlink() {
  return NetlinkSocket{os::Fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)}};
}

/// Makes a chain on the loopback; false where the kernel lacks one of its kinds.
bool try_chain(NetlinkSocket& socket, const std::vector<Qdisc>& chain, std::uint32_t generation = 0) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    try {
      apply_qdisc(socket, set_qdisc(place_in_chain(kLoopback, generation, i), chain[i], true, "lo"), kind_of(chain[i]));
    } catch (const std::system_error& error) {
      if (error.code().value() != ENOENT) throw;
      return false;
    }
  }
  return true;
}

/// Expects the loopback to have exactly this.
void expect_chain(NetlinkSocket& socket, const std::vector<Qdisc>& chain) {
  const std::vector<QdiscState> states = read_qdiscs(socket, kLoopback, "lo");
  ASSERT_EQ(states.size(), chain.size());
  for (std::size_t i = 0; i < chain.size(); ++i) {
    ASSERT_TRUE(states[i].qdisc) << states[i].kind;
    EXPECT_EQ(find_difference(chain[i], *states[i].qdisc), std::nullopt);
  }
}

NetemQdisc full_netem() {
  NetemQdisc netem;
  netem.delay = 20'000'001ns;
  netem.jitter = 3'000'001ns;
  netem.table.assign(16'384, 100);
  netem.loss = 0.01;
  netem.duplicate = 0.02;
  netem.corrupt = 0.03;
  netem.reorder = 0.04;
  netem.gap = 5;
  netem.bytes_per_second = 6'000'000'000;
  netem.overhead_bytes = -14;
  netem.limit_packets = 12'345;
  netem.seed = 0x1234'5678'9abc'def0;
  return netem;
}

TEST(Qdisc, ChainsAreReadBackAsTheyWereMade) {
  test::in_own_namespace([] {
    NetlinkSocket socket = open_rtnetlink();
    const TbfQdisc rate{12'500'000'000, 24, 2000, 0};
    for (const FifoQdisc leaf : {FifoQdisc{FifoQdisc::Kind::packets, 33}, FifoQdisc{FifoQdisc::Kind::bytes, 123'456},
                                 FifoQdisc{FifoQdisc::Kind::packets_drop_head, 7}}) {
      const std::vector<Qdisc> chain{TbfQdisc{1000, 0, 3000, 0}, rate, leaf};
      ASSERT_TRUE(try_chain(socket, chain));
      expect_chain(socket, chain);
      NetlinkRequest removal = delete_qdisc(kLoopback, "lo");
      socket.run({&removal, 1});
    }
    ASSERT_TRUE(try_chain(socket, {BlackholeQdisc{}}));
    expect_chain(socket, {BlackholeQdisc{}});
  });
}

TEST(Qdisc, ChangesInItsPlaceAndGivesWayToTheNextGeneration) {
  test::in_own_namespace([] {
    NetlinkSocket socket = open_rtnetlink();
    const auto chain = [](std::uint64_t rate, std::uint32_t limit) {
      return std::vector<Qdisc>{TbfQdisc{rate, 0, 3000, 0}, FifoQdisc{FifoQdisc::Kind::packets, limit}};
    };
    ASSERT_TRUE(try_chain(socket, chain(1000, 10)));
    const std::uint32_t handle = read_qdiscs(socket, kLoopback, "lo").front().handle;

    ASSERT_TRUE(try_chain(socket, chain(2000, 20)));
    expect_chain(socket, chain(2000, 20));
    EXPECT_EQ(read_qdiscs(socket, kLoopback, "lo").front().handle, handle);

    ASSERT_TRUE(try_chain(socket, {FifoQdisc{FifoQdisc::Kind::bytes, 9000}}, 1));
    expect_chain(socket, {FifoQdisc{FifoQdisc::Kind::bytes, 9000}});
  });
}

TEST(Qdisc, NetemIsReadBackAsItWasMade) {
  test::in_own_namespace([] {
    NetlinkSocket socket = open_rtnetlink();
    if (!try_chain(socket, {full_netem()})) GTEST_SKIP() << "this kernel has no netem";
    expect_chain(socket, {full_netem()});

    NetemQdisc bursts;
    bursts.bursts = {0.01, 0.2, 0.9, 0.001};
    bursts.table = {0};
    bursts.limit_packets = 1;
    ASSERT_TRUE(try_chain(socket, {bursts}));
    expect_chain(socket, {bursts});
  });
}

TEST(Qdisc, NetemStandsOnNetemBehindTbf) {
  test::in_own_namespace([] {
    NetlinkSocket socket = open_rtnetlink();
    NetemQdisc rate;
    rate.bytes_per_second = 1'000'000;
    rate.limit_packets = 20;
    NetemQdisc delay;
    delay.delay = 10ms;
    delay.limit_packets = 1'000'000;
    const std::vector<Qdisc> chain{TbfQdisc{125'000'000'000, 0, 1522, 0}, rate, delay};
    if (!try_chain(socket, chain)) GTEST_SKIP() << "this kernel has no netem";
    expect_chain(socket, chain);
  });
}

TEST(Qdisc, ManagedQueuesStandBehindNetemAndTbf) {
  test::in_own_namespace([] {
    NetlinkSocket socket = open_rtnetlink();
    NetemQdisc loss;
    loss.loss = 0.5;
    loss.limit_packets = 1000;
    std::uint32_t generation = 0;
    for (const Qdisc& leaf : std::vector<Qdisc>{CodelQdisc{50, 7ms, 110ms, true}, PieQdisc{60, 20ms, 30ms, true}}) {
      const std::vector<Qdisc> chain{loss, TbfQdisc{125'000, 0, 1522, 0}, leaf};
      if (!try_chain(socket, chain, generation++)) GTEST_SKIP() << "this kernel has no netem, or no " << kind_of(leaf);
      expect_chain(socket, chain);
    }
  });
}

TEST(Qdisc, WhatTheKernelLacksIsNamedWithItsMend) {
  test::in_own_namespace([] {
    NetlinkSocket socket = open_rtnetlink();
    try {
      apply_qdisc(socket, set_qdisc({kLoopback, 0, TC_H_ROOT}, full_netem(), true, "client:eth0"), "netem");
    } catch (const std::system_error& error) {
      EXPECT_THAT(error.what(),
                  HasSubstr("qdisc netem on client:eth0: this kernel has no netem (CONFIG_NET_SCH_NETEM)"));
    }
  });
}

TEST(QdiscDifference, NamesThePropertyAndBothValues) {
  const NetemQdisc asked = full_netem();
  NetemQdisc has = asked;
  EXPECT_EQ(find_difference(asked, has), std::nullopt);

  has.loss = 0.02;
  EXPECT_EQ(find_difference(asked, has), "loss: asked for 1%, the kernel has 2%");
  has = asked;
  has.delay = 20ms;
  EXPECT_EQ(find_difference(asked, has), "delay: asked for 20000001 ns, the kernel has 20000000 ns");
  has = asked;
  has.bursts = NetemQdisc::Bursts{};
  EXPECT_EQ(find_difference(asked, has), "loss model: asked for false, the kernel has true");
  has = asked;
  has.seed = 1;
  EXPECT_THAT(find_difference(asked, has).value_or(""), HasSubstr("seed: asked for"));
  has.seed.reset();
  EXPECT_EQ(find_difference(asked, has), std::nullopt) << "a kernel before 6.6";
  EXPECT_THAT(find_difference(asked, TbfQdisc{}).value_or(""), HasSubstr("asked for netem, the kernel has tbf"));
}

TEST(QdiscDifference, LetsTheKernelRoundAsItCounts) {
  NetemQdisc asked;
  asked.loss = 1.0 / 3;
  NetemQdisc has;
  has.loss = asked.loss + 1e-10;
  EXPECT_EQ(find_difference(asked, has), std::nullopt);
  EXPECT_EQ(find_difference(CodelQdisc{1, 5ms, 100ms, false}, CodelQdisc{1, 4999us, 99'999us, false}), std::nullopt);
  EXPECT_EQ(find_difference(PieQdisc{1, 15ms, 15ms, false}, PieQdisc{1, 15ms, 16ms, false}), std::nullopt);
  EXPECT_NE(find_difference(CodelQdisc{1, 5ms, 100ms, false}, CodelQdisc{1, 6ms, 100ms, false}), std::nullopt);
}

TEST(QdiscPlace, GivesNoHandleTwiceWithinReach) {
  std::set<std::uint32_t> seen;
  for (std::uint32_t generation = 0; generation < 2000; ++generation) {
    for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(seen.insert(place_in_chain(1, generation, i).handle).second);
  }
  EXPECT_LT(*seen.rbegin() >> 16U, 0x8000U) << "those above are the kernel's own";
  EXPECT_EQ(place_in_chain(1, 0, 0).parent, TC_H_ROOT);
  EXPECT_EQ(place_in_chain(1, 7, 1).parent, place_in_chain(1, 7, 0).handle | 1U);
}

}  // namespace
}  // namespace dummynet::net

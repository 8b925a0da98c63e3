#include "dummynet/net/network.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "dummynet/core/error.hpp"
#include "dummynet/core/warden.hpp"
#include "dummynet/net/presets.hpp"
#include "support/network_test.hpp"
#include "support/traffic.hpp"

namespace dummynet::net {
namespace {

using namespace std::chrono_literals;

using test::NetworkTest;

TEST_F(NetworkTest, LetsTwoNodesReachEachOtherByName) {
  if (!has_program("ping")) GTEST_SKIP() << "no ping(8) here";
  Network network{monitor_};
  network.add_node("client");
  network.add_node("server");
  network.add_link({"client", {}}, {"server", {}});
  network.up();

  EXPECT_TRUE(run(network, "client", ping("server")).out.text().find("10.0.0.2") != std::string_view::npos);
  EXPECT_NO_THROW(run(network, "server", ping("client")));
  EXPECT_NO_THROW(run(network, "server", ping("localhost")));
}

TEST_F(NetworkTest, CarriesTheVeryFirstPacket) {
  // A lost ARP request is repeated after a second, a carrier may be announced only once a second. A busy machine may be
  // as slow as that now and then, not most of the time.
  constexpr int kTries = 7;
  int slow = 0;
  for (int i = 0; i < kTries; ++i) {
    Network network{monitor_};
    network.add_node("a");
    network.add_node("b");
    network.add_link({"a", {}}, {"b", {}});
    const auto start = Clock::now();
    network.up();
    test::Datagrams{monitor_, network, i % 2 == 0 ? "a" : "b", i % 2 == 0 ? "b" : "a"}.meet();
    if (Clock::now() - start > 900ms) ++slow;
  }
  EXPECT_LE(slow, kTries / 2);
}

TEST_F(NetworkTest, ShowsANodeNothingButItsOwnInterfaces) {
  Network network{monitor_};
  for (const char* name : {"a", "b", "c"}) network.add_node(name);
  network.add_link({"a", {}}, {"b", "wan"});
  network.add_link({"b", {}}, {"c", {}});
  network.up();

  const auto interfaces_of = [&](const char* node) {
    return std::string{run(network, node, "ls /sys/class/net | sort | xargs").out.text()};
  };
  EXPECT_EQ(interfaces_of("a"), "eth0 lo\n");
  EXPECT_EQ(interfaces_of("b"), "eth0 lo wan\n");
  EXPECT_EQ(interfaces_of("c"), "eth0 lo\n");
}

TEST_F(NetworkTest, GivesEachNodeItsOwnHostsFile) {
  std::ifstream outside{"/etc/hosts"};
  const std::string before{std::istreambuf_iterator<char>{outside}, {}};
  Network network{monitor_};
  network.add_node("client");
  network.add_node("server");
  network.add_link({"client", {}}, {"server", {}});
  network.up();

  EXPECT_EQ(run(network, "client", "cat /etc/hosts").out.text(),
            "127.0.0.1\tlocalhost\n::1\tlocalhost\n10.0.0.1\tclient\n10.0.0.2\tserver\n");
  EXPECT_EQ(run(network, "server", "cat /etc/hosts").out.text(),
            "127.0.0.1\tlocalhost\n::1\tlocalhost\n10.0.0.2\tserver\n10.0.0.1\tclient\n");
  std::ifstream again{"/etc/hosts"};
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>{again}, {}), before);
}

TEST_F(NetworkTest, LetsAllNodesOfALargeOneReadTheSameHostsFile) {
  constexpr std::size_t kHosts = 260;  // their own files would have more lines than HostsWriter::kMostOwnLines
  Network network{monitor_, star(kHosts)};
  network.up();

  const std::string first{run(network, "h1", "cat /etc/hosts").out.text()};
  EXPECT_NE(first.find('\t' + std::string{"h1\n"}), first.npos);
  EXPECT_NE(first.find("\th260\n"), first.npos);
  EXPECT_EQ(run(network, "h260", "cat /etc/hosts").out.text(), first);
  EXPECT_EQ(run(network, "h1", "getent hosts h260 | awk '{print $1}'").out.text(), network.address("h260") + '\n');
  EXPECT_THROW(run(network, "h1", "echo 10.9.9.9 h2 >> /etc/hosts"), RunInfoError);
}

TEST_F(NetworkTest, KeepsSharedFilesOfNodesThatWereMadeBefore) {
  const auto make = [&](const char* text) {
    int id = -1;
    const auto shared = std::make_shared<const std::string>(text);
    monitor_.warden().make_nodes(
        1,
        [&](std::size_t) {
          return Warden::NodeSetup{"node", {{"/etc/hosts", {}, false, shared}}, {}};
        },
        [&](std::size_t, const Warden::Node& node) { id = node.id; });
    return id;
  };
  const int one = make("1.1.1.1 one\n");
  const int two = make("2.2.2.2 two\n");

  const auto hosts = [&](int node) {
    RunOptions options;
    options.place.node = node;
    return std::string{monitor_.run_process("cat /etc/hosts", options).out.text()};
  };
  EXPECT_EQ(hosts(one), "1.1.1.1 one\n");  // whose mount namespace is made only now
  EXPECT_EQ(hosts(two), "2.2.2.2 two\n");
}

TEST_F(NetworkTest, RefusesToReplaceAFileThatIsNotThereBeforeAnythingIsStarted) {
  const auto setup = [](std::size_t) { return Warden::NodeSetup{"lonely", {{"/etc/there is no such file", "x"}}, {}}; };

  try {
    monitor_.warden().make_nodes(1, setup, [](std::size_t, const Warden::Node&) {});
    FAIL() << "made";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_NE(std::string_view{error.what()}.find("node lonely: replace /etc/there is no such file"),
              std::string_view::npos)
        << error.what();
  }
}

TEST_F(NetworkTest, MakesAStarOfFiftyNodes) {
  if (!has_program("ping")) GTEST_SKIP() << "no ping(8) here";
  constexpr int kLeaves = 49;
  Network network{monitor_};
  network.add_node("hub");
  for (int i = 0; i < kLeaves; ++i) network.add_node("leaf" + std::to_string(i));
  for (int i = 0; i < kLeaves; ++i) network.add_link({"hub", {}}, {"leaf" + std::to_string(i), {}});

  const auto start = Clock::now();
  network.up();
  RecordProperty("up_us", static_cast<int>((Clock::now() - start) / 1us));

  ASSERT_EQ(network.interfaces().size(), 2U * kLeaves);
  EXPECT_EQ(network.interfaces().back().node, "leaf48");
  EXPECT_EQ(network.interfaces().back().addresses.front().text(), "10.0.0.194/30");
  EXPECT_EQ(network.interfaces()[2 * kLeaves - 2].name, "eth48");
  EXPECT_NO_THROW(run(network, "leaf0", ping("hub")));
  EXPECT_NO_THROW(run(network, "leaf48", ping("hub")));
  EXPECT_NO_THROW(run(network, "hub", ping("leaf31")));
}

TEST_F(NetworkTest, CanBeThereTwiceWithTheSameNames) {
  if (!has_program("ping")) GTEST_SKIP() << "no ping(8) here";
  ProcessMonitor other_monitor{MonitorOptions{.log = {}, .sandbox = true}};
  Network network{monitor_};
  Network other{other_monitor};
  for (Network* each : {&network, &other}) {
    each->add_node("client");
    each->add_node("server");
    each->add_link({"client", {}}, {"server", {}});
    each->up();
  }

  // The same address answers in both, and each is a machine of its own.
  EXPECT_NO_THROW(run(network, "client", ping("server")));
  EXPECT_NO_THROW(run_in(other_monitor, other, "client", ping("server")));
  const auto netns_of = [](ProcessMonitor& monitor, const Network& in) {
    return std::string{run_in(monitor, in, "server", {"readlink", "/proc/self/ns/net"}).out.text()};
  };
  EXPECT_NE(netns_of(monitor_, network), netns_of(other_monitor, other));
}

TEST_F(NetworkTest, RefusesHostileNamesBeforeAnythingIsMade) {
  Network network{monitor_};
  network.add_node("good");
  network.add_node("other");

  for (const char* bad : {"", "a b", "$(reboot)", "../x", "a\nb", "-f", "7", "localhost"}) {
    EXPECT_THROW(network.add_node(bad), std::invalid_argument) << bad;
  }
  EXPECT_THROW(network.add_node("good"), std::invalid_argument);
  EXPECT_THROW(network.add_node("GOOD"), std::invalid_argument);
  EXPECT_THROW(network.add_link({"good", {}}, {"missing", {}}), std::invalid_argument);
  EXPECT_THROW(network.add_link({"good", {}}, {"good", {}}), std::invalid_argument);
  EXPECT_THROW(network.add_link({"good", "lo"}, {"other", {}}), std::invalid_argument);
  EXPECT_THROW(network.add_link({"good", "a/b"}, {"other", {}}), std::invalid_argument);
  EXPECT_EQ(network.interfaces().size(), 0U);
}

TEST_F(NetworkTest, NumbersInterfacesAroundThoseWithNames) {
  Network network{monitor_};
  network.add_node("a");
  network.add_node("b");
  network.add_link({"a", "eth1"}, {"b", {}});
  network.add_link({"a", {}}, {"b", {}});
  network.add_link({"a", {}}, {"b", "eth7"});
  EXPECT_THROW(network.add_link({"a", "eth1"}, {"b", {}}), std::invalid_argument);
  network.up();

  std::string names;
  for (const Interface& interface : network.interfaces()) names += interface.node + ':' + interface.name + ' ';

  EXPECT_EQ(names, "a:eth1 b:eth0 a:eth0 b:eth1 a:eth2 b:eth7 ");
}

TEST_F(NetworkTest, SaysWhatComesBeforeWhat) {
  Network network{monitor_};
  network.add_node("a");
  EXPECT_THROW(network.place("a"), std::logic_error);

  network.up();

  EXPECT_NE(network.place("a"), Place{});
  EXPECT_THROW(network.place("b"), std::invalid_argument);
  EXPECT_THROW(network.up(), std::logic_error);
  EXPECT_THROW(network.add_node("b"), std::logic_error);
}

TEST(Network, NeedsASandbox) {
  ProcessMonitor monitor;
  Network network{monitor};
  network.add_node("a");

  EXPECT_THROW(network.up(), std::exception);
}

}  // namespace
}  // namespace dummynet::net

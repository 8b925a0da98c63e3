// The engine with real packets between real network namespaces.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "dummynet/core/warden.hpp"
#include "dummynet/os/check.hpp"
#include "dummynet/wire/link_engine.hpp"
#include "dummynet/wire/packet_port.hpp"
#include "support/delayed.hpp"
#include "support/engine_test.hpp"
#include "support/frames.hpp"
#include "support/monitor_test.hpp"
#include "support/traffic.hpp"
#include "support/waiting.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;
using test::Datagrams;
using test::delayed;

constexpr std::size_t kHeaders = 14 + 20 + 8;  // Ethernet, IPv4, UDP

std::uint64_t lost(const DirectionCounters& counters) {
  return counters.fate.drops[static_cast<std::size_t>(DropReason::loss)];
}

class LinkTrafficTest : public test::EngineTest {
 protected:
  std::filesystem::path log_path() {
    logs_.push_back(std::filesystem::temp_directory_path() / ("packets-of-a-test-" + std::to_string(::getpid()) + "-" +
                                                              std::to_string(logs_.size()) + ".jsonl"));
    return logs_.back();
  }
  ~LinkTrafficTest() override {
    for (const auto& one : logs_) std::filesystem::remove(one);
  }
  /// Lines of data packets, uplink.
  static std::vector<nlohmann::json> read_log(const std::filesystem::path& path) {
    std::ifstream file{path};
    std::vector<nlohmann::json> lines;
    for (std::string line; std::getline(file, line);) {
      auto parsed = nlohmann::json::parse(line);
      if (parsed["class"] == "data" && parsed["direction"] == "uplink") lines.push_back(std::move(parsed));
    }
    return lines;
  }
  /// Sends datagrams 1 to `count`, never so fast that a socket's buffer must overflow.
  void send_paced(Datagrams& datagrams, std::uint64_t count, std::size_t bytes) {
    const std::uint64_t before = counters(Direction::uplink).fate.offered_bytes;
    for (std::uint64_t number = 1; number <= count; ++number) {
      datagrams.send(number, bytes);
      if (number % 150 == 0 || number == count) {
        await_offered(Direction::uplink, before + number * (bytes + kHeaders));
      }
    }
  }
  /// With nodes that have met, so that no datagram waits for the other's hardware address.
  Datagrams make_datagrams() {
    start({});
    Datagrams datagrams{monitor_, *network_, "a", "b"};
    datagrams.meet();
    return datagrams;
  }

 private:
  std::vector<std::filesystem::path> logs_;
};

TEST_F(LinkTrafficTest, LosesExactlyTheListedPackets) {
  Impairment impairment = delayed(1ms);
  impairment.loss = ListedLoss{{2, 3, 10}};
  start(impairment);
  Datagrams datagrams{monitor_, *network_, "a", "b"};
  for (std::uint64_t number = 1; number <= 12; ++number) datagrams.send(number, 100);

  EXPECT_EQ(datagrams.receive_numbers(9), (std::vector<std::uint64_t>{1, 4, 5, 6, 7, 8, 9, 11, 12}));
  EXPECT_EQ(lost(counters(Direction::uplink)), 3U);
}

TEST_F(LinkTrafficTest, GivesTheSameFateForTheSameSeed) {
  constexpr std::uint64_t kPackets = 100'000;
  Impairment impairment = delayed(1ms);
  impairment.jitter = {.amount = 500us, .distribution = Jitter::Distribution::normal};
  impairment.loss = GilbertElliott{.p = 0.02, .r = 0.3};
  impairment.duplicate = 0.01;
  std::vector<std::string> fates;
  Datagrams datagrams = make_datagrams();
  for (const std::uint64_t seed : {7, 7, 8}) {
    const auto path = log_path();
    start(impairment, {}, {.seed = seed, .packet_log = path});
    send_paced(datagrams, kPackets, 60);
    await_sent(Direction::uplink);
    EXPECT_EQ(counters(Direction::uplink).own_losses, 0U);
    EXPECT_EQ(counters(Direction::uplink).unlogged_packets, 0U);
    engine_.reset();
    std::string lost_ones(kPackets + 1, '.');
    for (const auto& line : read_log(path)) {
      char& fate = lost_ones.at(line["number"].get<std::size_t>());
      fate = line.contains("drop") ? 'x' : fate == 'o' ? '2' : 'o';
    }
    fates.push_back(lost_ones);
  }

  EXPECT_EQ(fates[0].find('.', 1), std::string::npos);
  EXPECT_GT(std::count(fates[0].begin(), fates[0].end(), 'x'), 4'000);
  EXPECT_GT(std::count(fates[0].begin(), fates[0].end(), '2'), 500);
  EXPECT_TRUE(fates[0] == fates[1]);
  EXPECT_FALSE(fates[0] == fates[2]);
}

TEST_F(LinkTrafficTest, HoldsALineRate) {
  constexpr std::uint64_t kPackets = 500;
  constexpr std::size_t kBytes = 1000;
  Impairment impairment;
  impairment.rate = LineRate{.bits_per_second = 10'000'000};
  impairment.queue.limit_packets = kPackets;
  const auto path = log_path();
  Datagrams datagrams = make_datagrams();
  start(impairment, {}, {.packet_log = path});
  for (std::uint64_t number = 1; number <= kPackets; ++number) datagrams.send(number, kBytes);
  datagrams.receive_numbers(kPackets);
  const DirectionCounters after = counters(Direction::uplink);
  engine_.reset();

  const auto lines = read_log(path);
  ASSERT_EQ(lines.size(), kPackets);
  const double bits = static_cast<double>((kPackets - 1) * 8 * (kBytes + kHeaders));
  const double promised_ns = lines.back()["due"].get<double>() - lines.front()["due"].get<double>();
  EXPECT_NEAR(bits / promised_ns * 1e9, 10e6, 10e3);
  for (const auto& line : lines) EXPECT_GE(line["out"].get<std::int64_t>(), line["due"].get<std::int64_t>());
  EXPECT_GT(after.achieved_bits_per_second, 5e6);  // a busy machine; exactly: ./dev bench wire
  EXPECT_GT(after.fate.max_queue_packets, 100U);
}

TEST_F(LinkTrafficTest, GoesDownAndComesUpWithOrWithoutWhatIsOnItsWay) {
  const Impairment up = delayed(300ms);
  Impairment down = up;
  down.up = false;
  constexpr std::size_t kBytes = 1000;
  Datagrams datagrams = make_datagrams();
  start(up);
  for (const bool drop_in_flight : {false, true}) {
    const std::uint64_t before = counters(Direction::uplink).fate.offered_bytes;
    datagrams.send(1, kBytes);
    await_offered(Direction::uplink, before + kBytes);

    engine_->set({{.link = 0, .direction = Direction::uplink, .impairment = down, .drop_in_flight = drop_in_flight}});
    datagrams.send(2, kBytes);
    await_offered(Direction::uplink, before + 2 * kBytes);
    engine_->set(0, Direction::uplink, up);
    datagrams.send(3, kBytes);

    const auto expected = drop_in_flight ? std::vector<std::uint64_t>{3} : std::vector<std::uint64_t>{1, 3};
    EXPECT_EQ(datagrams.receive_numbers(expected.size()), expected);
  }
}

TEST_F(LinkTrafficTest, ChangesUnderTrafficWithoutLosingAPacket) {
  Datagrams datagrams = make_datagrams();
  start(delayed(1ms));
  const Impairment kinds[] = {delayed(0ns), delayed(3ms), [] {
                                Impairment rated = delayed(1ms);
                                rated.rate = LineRate{.bits_per_second = 100'000'000};
                                rated.queue.limit_packets = 10'000;
                                return rated;
                              }()};
  constexpr std::uint64_t kPackets = 3000;
  for (std::uint64_t number = 1; number <= kPackets; ++number) {
    datagrams.send(number, 200);
    if (number % 50 == 0) {
      engine_->set({{.link = 0, .direction = Direction::uplink, .impairment = kinds[number / 50 % 3]},
                    {.link = 0, .direction = Direction::downlink, .impairment = kinds[(number / 50 + 1) % 3]}});
    }
  }

  auto numbers = datagrams.receive_numbers(kPackets);

  std::sort(numbers.begin(), numbers.end());  // a shorter delay lets the later overtake
  for (std::uint64_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], i + 1);
  const auto fate = counters(Direction::uplink).fate;
  EXPECT_EQ(fate.departed_packets, fate.offered_packets);
  EXPECT_EQ(counters(Direction::uplink).own_losses, 0U);
}

TEST_F(LinkTrafficTest, DeliversNoTurnedBit) {
  Impairment impairment;
  impairment.corrupt = 1;
  Datagrams datagrams = make_datagrams();
  start(impairment);
  constexpr std::uint64_t kPackets = 300;
  send_paced(datagrams, kPackets, 1000);
  engine_->set(0, Direction::uplink, {});
  datagrams.send(kPackets + 1, 1000);

  for (std::uint64_t number = 0; number <= kPackets;) {
    const auto one = datagrams.receive();
    ASSERT_TRUE(one);
    EXPECT_TRUE(one->intact) << one->number;  // a bit of the source's MAC address may pass
    number = one->number;
  }
  const std::string statistics = output(*network_, "b", {"cat", "/proc/net/snmp"});
  const auto names = statistics.find("Udp: ");
  const auto values = statistics.find("Udp: ", names + 1);
  long received = 0, no_ports = 0, errors = 0;
  ASSERT_EQ(std::sscanf(statistics.c_str() + values, "Udp: %ld %ld %ld", &received, &no_ports, &errors), 3);
  EXPECT_GT(errors, 100);
}

TEST_F(LinkTrafficTest, CarriesLargeDatagramsInBothFamilies) {
  net::Topology both = topology();
  both.families = {net::IpFamily::v4, net::IpFamily::v6};
  make(both);
  start(delayed(1ms), delayed(1ms));
  for (const auto family : {net::IpFamily::v4, net::IpFamily::v6}) {
    Datagrams datagrams{monitor_, *network_, "a", "b", family};
    std::uint64_t number = 0;
    for (const std::size_t bytes : {8U, 1000U, 1472U, 1473U, 9000U, 65'507U}) {
      datagrams.send(++number, std::min<std::size_t>(bytes, family == net::IpFamily::v4 ? 65'507 : 65'487));
      EXPECT_EQ(datagrams.receive_numbers(1).front(), number);
    }
  }
}

TEST_F(LinkTrafficTest, DecidesForEachDatagramOfASuperFrame) {
  Impairment impairment = delayed(1ms);
  impairment.loss = EveryNthLoss{10};
  start(impairment);
  Datagrams datagrams{monitor_, *network_, "a", "b"};
  datagrams.send_segmented(5, 40'000, 1000);

  EXPECT_EQ(datagrams.receive_numbers(36), std::vector<std::uint64_t>(36, 5));
  EXPECT_EQ(lost(counters(Direction::uplink)), 4U);
}

TEST_F(LinkTrafficTest, CarriesTcpIntactHoweverItIsCutUp) {
  Impairment impairment = delayed(1ms);
  impairment.loss = RandomLoss{0.001};
  start(impairment);
  constexpr std::size_t kBytes = 20'000'000;

  test::transfer_tcp(monitor_, *network_, "a", "b", kBytes);

  const DirectionCounters after = counters(Direction::uplink);
  EXPECT_GE(after.fate.offered_packets, kBytes / 1448);  // wire packets
  EXPECT_GT(lost(after), 0U);
  EXPECT_EQ(after.own_losses, 0U);
}

TEST_F(LinkTrafficTest, CarriesTcpWholeWhereNothingIsDecidedByPacket) {
  start(delayed(1ms), delayed(1ms));
  constexpr std::size_t kBytes = 20'000'000;

  test::transfer_tcp(monitor_, *network_, "a", "b", kBytes);

  const DirectionCounters after = counters(Direction::uplink);
  EXPECT_GE(after.fate.departed_packets, kBytes / 1448);  // as they would be on a wire,
  EXPECT_LT(after.lateness.count(), kBytes / 1448 / 2);   // but they were not sent one by one
  EXPECT_EQ(after.own_losses, 0U);
}

TEST_F(LinkTrafficTest, CarriesJumboFrames) {
  net::Topology jumbo = topology();
  jumbo.links.front().mtu = 9000;
  make(jumbo);
  start(delayed(1ms));
  Datagrams datagrams{monitor_, *network_, "a", "b"};
  datagrams.send(1, 9000 - 28);

  EXPECT_EQ(datagrams.receive_numbers(1).size(), 1U);
  EXPECT_GE(counters(Direction::uplink).fate.offered_bytes, 9014U);
  EXPECT_EQ(counters(Direction::uplink).own_losses, 0U);
}

/// A packet socket in a node, bound to its interface.
os::Fd open_packet_socket(ProcessMonitor& monitor, const net::Network& network, const std::string& node) {
  os::Fd socket = monitor.warden().open_socket(network.place(node).node, AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
  ifreq request{};
  std::strcpy(request.ifr_name, "eth0");
  os::check(::ioctl(socket.get(), SIOCGIFINDEX, &request), "SIOCGIFINDEX");
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = request.ifr_ifindex;
  os::check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  return socket;
}

// Without vlan interfaces, which not every kernel has: the tag is all there is to them.
TEST_F(LinkTrafficTest, CarriesTagsAlsoOfFramesThatItLooksInto) {
  for (const Loss& loss : {Loss{}, Loss{EveryNthLoss{2}}}) {
    Impairment impairment = delayed(1ms);
    impairment.loss = loss;
    start(impairment);
    const os::Fd from = open_packet_socket(monitor_, *network_, "a");
    const os::Fd to = open_packet_socket(monitor_, *network_, "b");
    const int on = 1;
    ::setsockopt(to.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof on);
    const test::Bytes frame = test::make_frame({.ipv6 = true, .payload = 500, .tags = 1});
    for (int i = 0; i < 4; ++i) ASSERT_EQ(::send(from.get(), frame.data(), frame.size(), 0), ssize_t(frame.size()));

    ReceiveBatch batch;
    test::Bytes buffer(2000);
    batch.set_room(0, buffer.data(), buffer.size());
    for (std::size_t i = 0; i < (loss == Loss{} ? 4U : 2U); ++i) {
      ASSERT_TRUE(test::becomes_readable(to.get()));
      ASSERT_EQ(batch.receive(to, 1), 1);
      const ReceiveBatch::Message message = batch.message(0);
      EXPECT_TRUE(message.has_tag);
      EXPECT_EQ(message.tag, 100);
      EXPECT_EQ(message.length, frame.size() - 4);
      EXPECT_TRUE(std::equal(frame.begin() + 18, frame.end(), buffer.begin() + 14));
    }
    EXPECT_EQ(counters(Direction::uplink).own_losses, 0U);
  }
}

TEST_F(LinkTrafficTest, CarriesWhatVlanInterfacesSend) {
  net::Topology tagged = topology();
  tagged.links.push_back(
      test::link(test::end("a", {"10.7.0.1/24"}), test::end("b", {"10.7.0.2/24"}), net::LinkKind::vlan, 7));
  try {
    make(tagged);
  } catch (const std::system_error& error) {
    if (error.code().value() == EOPNOTSUPP) GTEST_SKIP() << "this kernel has no vlan interfaces";
    throw;
  }
  for (const bool decides : {false, true}) {
    Impairment impairment = delayed(1ms);
    if (decides) impairment.loss = EveryNthLoss{10};
    start(impairment);
    Datagrams datagrams{monitor_, *network_, "a", "b", net::IpFamily::v4, "10.7.0.2"};
    datagrams.send_segmented(3, 40'000, 1000);

    EXPECT_EQ(datagrams.receive_numbers(decides ? 36 : 40).size(), decides ? 36U : 40U);
    EXPECT_EQ(counters(Direction::uplink).own_losses, 0U);
  }
}

}  // namespace
}  // namespace dummynet::wire

// The kernel as the one that decides, on real links: with tbf everywhere, with netem (KernelLinkNetemTest) where it is.
#include "dummynet/wire/kernel_link.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <functional>
#include <set>
#include <string>
#include <system_error>
#include <thread>

#include "dummynet/core/warden.hpp"
#include "dummynet/os/check.hpp"
#include "support/network_test.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

constexpr std::uint16_t kPort = 4242;
constexpr std::size_t kPayload = 958;  // with its headers a frame of 1000 bytes
constexpr std::uint64_t kFrame = kPayload + 42;

/// A datagram as it came: its number, and when the kernel received it.
struct Received {
  std::uint32_t number = 0;
  std::chrono::nanoseconds at{0};
};

/// On the clock of the kernel's stamps.
std::chrono::nanoseconds now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

class KernelLinkTest : public test::NetworkTest {
 protected:
  void SetUp() override {
    test::NetworkTest::SetUp();
    if (IsSkipped()) return;
    network_.add_node("a");
    network_.add_node("b");
    network_.add_link({"a", {}}, {"b", {}});
    network_.up();
    sender_ = open_udp("a");
    receiver_ = open_udp("b");
    const int on = 1;
    const int bytes = 8 << 20;
    os::check(::setsockopt(receiver_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on), "SO_TIMESTAMPNS");
    ::setsockopt(receiver_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    ::inet_pton(AF_INET, network_.address("b").c_str(), &to_.sin_addr);
    to_.sin_family = AF_INET;
    to_.sin_port = htons(kPort);
    os::check(::bind(receiver_.get(), reinterpret_cast<const sockaddr*>(&to_), sizeof to_), "bind");
    // So that each knows the other's address before anything may be lost.
    send(0);
    receive_until([](const auto& all) { return !all.empty(); });
  }

  void send(std::uint32_t number, std::size_t bytes = kPayload) {
    std::vector<char> datagram(bytes);
    std::memcpy(datagram.data(), &number, sizeof number);
    ASSERT_EQ(::sendto(sender_.get(), datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&to_),
                       sizeof to_),
              static_cast<ssize_t>(bytes));
  }
  /// What has come, in order, as soon as `enough` says so; fails after a minute.
  std::vector<Received> receive_until(const std::function<bool(const std::vector<Received>&)>& enough) {
    std::vector<Received> all;
    const auto deadline = Clock::now() + 60s;
    while (drain(all), !enough(all)) {
      if (Clock::now() > deadline) {
        ADD_FAILURE() << all.size() << " datagrams in a minute";
        break;
      }
      pollfd watch{receiver_.get(), POLLIN, 0};
      ::poll(&watch, 1, 5);
    }
    return all;
  }
  std::vector<Received> receive(std::size_t count) {
    return receive_until([&](const auto& all) { return all.size() >= count; });
  }
  /// Until nothing of it is on its way any more, neither in the queues nor behind them.
  std::vector<Received> receive_the_rest(KernelLinks& links) {
    return receive_until([&](const auto&) {
      pollfd watch{receiver_.get(), POLLIN, 0};
      return links.counters()[0][0].waiting_packets == 0 && ::poll(&watch, 1, 100) == 0;
    });
  }

  EmulatedLink uplink(const Impairment& impairment) { return {0, {impairment, {}}}; }

  net::Network network_{monitor_};
  os::Fd sender_;
  os::Fd receiver_;
  sockaddr_in to_{};

 private:
  os::Fd open_udp(const std::string& node) {
    return monitor_.warden().open_socket(network_.place(node).node, AF_INET, SOCK_DGRAM, 0);
  }
  void drain(std::vector<Received>& all) const;
};

void KernelLinkTest::drain(std::vector<Received>& all) const {
  for (;;) {
    Received one;
    alignas(cmsghdr) std::array<char, 256> control{};
    std::array<char, 2048> datagram{};
    iovec piece{datagram.data(), datagram.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (::recvmsg(receiver_.get(), &message, MSG_DONTWAIT) < 0) return;
    std::memcpy(&one.number, datagram.data(), sizeof one.number);
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
      if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec stamp{};
      std::memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
      one.at = std::chrono::seconds{stamp.tv_sec} + std::chrono::nanoseconds{stamp.tv_nsec};
    }
    all.push_back(one);
  }
}

Impairment with_rate(std::uint64_t bits_per_second, std::uint64_t limit_packets) {
  Impairment impairment;
  impairment.rate = LineRate{bits_per_second, 0};
  impairment.queue.limit_packets = limit_packets;
  return impairment;
}

TEST_F(KernelLinkTest, HoldsARateAndCountsWhatPassed) {
  constexpr std::uint32_t kCount = 300;
  KernelLinks links{monitor_, network_, {uplink(with_rate(8'000'000, 1000))}};
  const KernelCounters before = links.counters()[0][0];

  const auto start = now();
  for (std::uint32_t i = 0; i < kCount; ++i) send(i);
  const auto received = receive(kCount);

  ASSERT_EQ(received.size(), kCount);
  // 1 ms each; 4 ms' worth may pass at once.
  EXPECT_GE(received.back().at - start, std::chrono::milliseconds{kCount - 6});
  const KernelCounters after = links.counters()[0][0];
  EXPECT_GE(after.departed_packets - before.departed_packets, kCount);
  EXPECT_GE(after.departed_bytes - before.departed_bytes, kCount * kFrame);
  EXPECT_EQ(after.dropped_packets, before.dropped_packets);
}

TEST_F(KernelLinkTest, DropsWhatTheQueueHasNoRoomFor) {
  constexpr std::uint32_t kCount = 200;
  KernelLinks links{monitor_, network_, {uplink(with_rate(800'000, 20))}};

  for (std::uint32_t i = 0; i < kCount; ++i) send(i);
  const auto received = receive_the_rest(links);

  const KernelCounters counters = links.counters()[0][0];
  EXPECT_GE(received.size(), 20U);
  EXPECT_LT(received.size(), kCount);
  EXPECT_EQ(received.front().number, 0U);
  EXPECT_GE(counters.dropped_packets, kCount - received.size());
  EXPECT_GE(counters.departed_packets, received.size());
}

TEST_F(KernelLinkTest, DropsTheOldestWhereThatIsAsked) {
  constexpr std::uint32_t kCount = 200;
  Impairment impairment = with_rate(800'000, 20);
  impairment.queue.kind = Queue::Kind::drop_head;
  KernelLinks links{monitor_, network_, {uplink(impairment)}};

  for (std::uint32_t i = 0; i < kCount; ++i) send(i);
  const auto received = receive_the_rest(links);

  ASSERT_FALSE(received.empty());
  EXPECT_LT(received.size(), kCount);
  EXPECT_EQ(received.back().number, kCount - 1) << "the newest has found room";
}

TEST_F(KernelLinkTest, DecidesEachSegmentOfALargeFrame) {
  constexpr int kSegments = 10;
  const int size = kPayload;
  ASSERT_EQ(::setsockopt(sender_.get(), SOL_UDP, UDP_SEGMENT, &size, sizeof size), 0);
  KernelLinks links{monitor_, network_, {uplink(with_rate(8'000'000, 1000))}};
  const KernelCounters before = links.counters()[0][0];

  send(1, kPayload * kSegments);
  receive(kSegments);

  EXPECT_GE(links.counters()[0][0].departed_packets - before.departed_packets, std::uint64_t{kSegments});
}

TEST_F(KernelLinkTest, ImpairsOneDirectionOnly) {
  Impairment down;
  down.up = false;
  KernelLinks links{monitor_, network_, {{0, {Impairment{}, down}}}};

  send(7);
  EXPECT_EQ(receive(1).front().number, 7U);
  EXPECT_EQ(links.counters()[0][0], KernelCounters{});
  if (!has_program("ping")) return;
  EXPECT_FALSE(succeeds(network_, "a", {"ping", "-n", "-c", "1", "-W", "1", "b"}));
  EXPECT_GT(links.counters()[0][1].dropped_packets, 0U);
}

TEST_F(KernelLinkTest, GoesDownAndUpWhileItLives) {
  KernelLinks links{monitor_, network_, {uplink({})}};
  Impairment down;
  down.up = false;

  links.set(0, Direction::uplink, down);
  send(1);
  EXPECT_GE(links.counters()[0][0].dropped_packets, 1U);
  links.set(0, Direction::uplink, {});
  send(2);

  EXPECT_EQ(receive(1).front().number, 2U);
  EXPECT_GE(links.counters()[0][0].dropped_packets, 1U) << "what is gone is still counted";
  EXPECT_TRUE(links.impairment(0, Direction::uplink).up);
}

TEST_F(KernelLinkTest, ChangesTheRateWithoutLosingWhatWaits) {
  constexpr std::uint32_t kCount = 30;
  KernelLinks links{monitor_, network_, {uplink(with_rate(80'000, 100))}};  // 100 ms each

  for (std::uint32_t i = 0; i < kCount; ++i) send(i);
  EXPECT_GT(links.counters()[0][0].waiting_packets, kCount / 2);
  links.set(0, Direction::uplink, with_rate(80'000'000, 100));

  EXPECT_EQ(receive(kCount).size(), kCount);
}

TEST_F(KernelLinkTest, RefusesWhatItCannotDoBeforeAnythingIsTouched) {
  Impairment impairment;
  impairment.loss = ListedLoss{{1}};
  try {
    KernelLinks links{monitor_, network_, {uplink(impairment)}};
    FAIL() << "made";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("loss: the kernel cannot lose packets by number; use `emulation: engine`"));
  }
  EXPECT_THROW(KernelLinks(monitor_, network_, {{5, {}}}), std::invalid_argument);
  KernelLinks links{monitor_, network_, {uplink({})}};
  EXPECT_THROW(links.set(1, Direction::uplink, {}), std::invalid_argument);
}

TEST_F(KernelLinkTest, NamesNetemWhereTheKernelHasNone) {
  if (kernel_has_netem(monitor_)) GTEST_SKIP() << "this kernel has netem";
  Impairment impairment;
  impairment.delay = 1ms;
  try {
    KernelLinks links{monitor_, network_, {uplink(impairment)}};
    FAIL() << "made";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_THAT(error.what(), HasSubstr("qdisc netem on a:eth0: this kernel has no netem"));
  }
}

class KernelLinkNetemTest : public KernelLinkTest {
 protected:
  void SetUp() override {
    KernelLinkTest::SetUp();
    if (!IsSkipped() && !kernel_has_netem(monitor_)) GTEST_SKIP() << "this kernel has no netem";
  }
  /// Sends them in portions that fit into every buffer, and gives what arrived.
  std::vector<Received> send_many(KernelLinks& links, std::uint32_t count) {
    std::vector<Received> all;
    constexpr std::uint32_t kPortion = 100;
    for (std::uint32_t i = 0; i < count;) {
      for (const std::uint32_t end = std::min(count, i + kPortion); i < end; ++i) send(i, 64);
      const auto some = receive_the_rest(links);
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
};

TEST_F(KernelLinkNetemTest, DelaysEachPacketByAtLeastWhatWasAsked) {
  Impairment impairment;
  impairment.delay = 40ms;
  KernelLinks links{monitor_, network_, {uplink(impairment)}};

  for (std::uint32_t i = 0; i < 20; ++i) {
    const auto start = now();
    send(i);
    const auto received = receive(1);
    ASSERT_EQ(received.size(), 1U);
    EXPECT_GE(received[0].at - start, 40ms);
  }
}

TEST_F(KernelLinkNetemTest, LosesAsOftenAsWasAsked) {
  constexpr std::uint32_t kCount = 3000;
  constexpr double kLoss = 0.1;
  Impairment impairment;
  impairment.loss = RandomLoss{kLoss};
  KernelLinks links{monitor_, network_, {uplink(impairment)}};

  const double lost = kCount - static_cast<double>(send_many(links, kCount).size());

  EXPECT_NEAR(lost, kCount * kLoss, 6 * std::sqrt(kCount * kLoss * (1 - kLoss)));
  EXPECT_GE(static_cast<double>(links.counters()[0][0].dropped_packets), lost);
}

TEST_F(KernelLinkNetemTest, LosesInBurstsOfTheLengthThatWasAsked) {
  constexpr std::uint32_t kCount = 3000;
  Impairment impairment;
  impairment.loss = GilbertElliott{0.02, 0.2, 1, 0};  // 1 of 11, five at a time
  KernelLinks links{monitor_, network_, {uplink(impairment)}};

  const auto received = send_many(links, kCount);

  std::uint32_t bursts = 0;
  for (std::size_t i = 1; i < received.size(); ++i) bursts += received[i].number > received[i - 1].number + 1 ? 1 : 0;
  const double lost = kCount - static_cast<double>(received.size());
  ASSERT_GT(bursts, 0U);
  // Bursts vary: their number is some 55 ± 7, the length of each 5 ± 4.5.
  EXPECT_NEAR(lost, kCount / 11.0, 200);
  EXPECT_NEAR(lost / bursts, 5, 3.6);
}

TEST_F(KernelLinkNetemTest, SerialisesAtTheRateEvenASinglePacket) {
  KernelLinks links{monitor_, network_, {uplink(with_rate(80'000, 50))}};  // 100 ms each

  const auto start = now();
  for (std::uint32_t i = 0; i < 5; ++i) send(i);
  const auto received = receive(5);

  ASSERT_EQ(received.size(), 5U);
  for (std::uint32_t i = 0; i < 5; ++i) EXPECT_GE(received[i].at - start, 100ms * (i + 1)) << i;
}

TEST_F(KernelLinkNetemTest, CountsItsQueueWithoutWhatIsOnItsWay) {
  Impairment impairment = with_rate(8'000'000, 20);  // 1 ms each
  impairment.delay = 400ms;
  KernelLinks links{monitor_, network_, {uplink(impairment)}};

  std::set<std::uint32_t> numbers;
  for (std::uint32_t i = 0; i < 100; ++i) {
    // Never more than a few in the queue, but all of them on their way.
    send(i);
    std::this_thread::sleep_for(2ms);  // the pace of the test's own traffic
  }
  for (const Received& one : receive_the_rest(links)) numbers.insert(one.number);

  EXPECT_EQ(numbers.size(), 100U);
  EXPECT_EQ(links.counters()[0][0].dropped_packets, 0U);

  for (std::uint32_t i = 0; i < 100; ++i) send(i);  // at once: far too many
  const std::size_t arrived = receive_the_rest(links).size();
  EXPECT_GE(arrived, 20U);
  EXPECT_LT(arrived, 100U);
  EXPECT_GE(links.counters()[0][0].dropped_packets, 100 - arrived);
}

TEST_F(KernelLinkNetemTest, DuplicatesAndLetsThemOvertake) {
  constexpr std::uint32_t kCount = 400;
  Impairment impairment;
  impairment.duplicate = 0.25;
  impairment.delay = 30ms;
  impairment.jitter = {20ms, Jitter::Distribution::normal, {}, true};
  KernelLinks links{monitor_, network_, {uplink(impairment)}};

  const auto received = send_many(links, kCount);

  EXPECT_NEAR(static_cast<double>(received.size()), kCount * 1.25, 6 * std::sqrt(kCount * 0.25 * 0.75));
  bool overtaken = false;
  for (std::size_t i = 1; i < received.size(); ++i) overtaken |= received[i].number < received[i - 1].number;
  EXPECT_TRUE(overtaken);
}

TEST_F(KernelLinkNetemTest, ManagesAQueueByCodel) {
  Impairment impairment = with_rate(800'000, 1000);
  impairment.delay = 5ms;
  impairment.queue.kind = Queue::Kind::codel;
  KernelLinks links{monitor_, network_, {uplink(impairment)}};

  for (std::uint32_t i = 0; i < 200; ++i) send(i);  // two seconds' worth: far above 5 ms for longer than 100 ms
  const auto received = receive_the_rest(links);

  EXPECT_LT(received.size(), 200U);
  EXPECT_GT(received.size(), 100U);
}

TEST_F(KernelLinkNetemTest, ReadsTheSeedBackWhereTheKernelKnowsIt) {
  Impairment impairment;
  impairment.loss = RandomLoss{0.5};
  KernelLinks links{monitor_, network_, {uplink(impairment)}, 7};
  const auto survivors = [&] {
    std::vector<std::uint32_t> numbers;
    for (const Received& one : send_many(links, 200)) numbers.push_back(one.number);
    return numbers;
  };
  const auto first = survivors();
  impairment.loss = RandomLoss{0.4};
  links.set(0, Direction::uplink, impairment);
  impairment.loss = RandomLoss{0.5};
  links.set(0, Direction::uplink, impairment);

  EXPECT_EQ(survivors() == first, links.is_seeded());
}

}  // namespace
}  // namespace dummynet::wire

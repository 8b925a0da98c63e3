// The pump in this process, under the sanitizers: instead of packet sockets it has message sockets, which keep bounds
// as those do. With packet sockets: link_engine_test.cpp.
#include "dummynet/wire/pump.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include "dummynet/os/anonymous_file.hpp"
#include "dummynet/os/message_socket.hpp"
#include "dummynet/wire/checksum.hpp"
#include "support/delayed.hpp"
#include "support/frames.hpp"
#include "support/segments.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;
using test::Bytes;
using test::delayed;
using test::FrameSpec;

constexpr auto kPatience = 60s;

class PumpTest : public testing::Test {
 protected:
  struct Arrived {
    VirtioHeader header;
    Bytes frame;
    Nanoseconds at{0};
  };

  void start(const Impairment& uplink, const Impairment& downlink = {}, Pump::Options options = {}) {
    pump_.emplace(std::move(options));
    std::array<std::vector<os::Fd>, 2> ends;
    for (std::size_t side = 0; side < 2; ++side) {
      auto [node, end] = os::make_message_sockets();
      const int bytes = 1 << 20;
      ::setsockopt(node.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
      ::setsockopt(end.get(), SOL_SOCKET, SO_SNDBUF, &engine_room_, sizeof engine_room_);
      nodes_[side] = std::move(node);
      ends[side].push_back(std::move(end));
    }
    if (has_group_) {
      auto [node, end] = os::make_message_sockets();
      second_ = std::move(node);
      ends[0].push_back(std::move(end));
    }
    pump_->add_link(0, 1, std::move(ends), {uplink, downlink});
    pump_->begin();
  }
  void send(std::size_t side, const VirtioHeader& header, const Bytes& frame) {
    const Bytes message = test::join(header, frame);
    ASSERT_EQ(::send(nodes_[side].get(), message.data(), message.size(), MSG_DONTWAIT),
              static_cast<ssize_t>(message.size()));
  }
  void send(std::size_t side, const Bytes& frame) { send(side, {}, frame); }
  static std::vector<Bytes> cut_up(const VirtioHeader& header, const Bytes& frame) {
    std::vector<Bytes> frames;
    for (const test::Segment& one : test::cut_up(header, frame)) frames.push_back(one.frame);
    return frames;
  }
  /// Of TCP over IPv6, from the first side. Returns what it consists of.
  std::vector<Bytes> send_super(std::size_t payload) {
    Bytes frame;
    const VirtioHeader header = test::make_super(frame, {.ipv6 = true, .tcp = true, .payload = payload}, 1400);
    send(0, header, frame);
    return cut_up(header, frame);
  }
  std::optional<Arrived> take(std::size_t side) {
    Bytes buffer(70'000);
    const ssize_t length = ::recv(nodes_[side].get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (length < static_cast<ssize_t>(kVirtioBytes)) return std::nullopt;
    return Arrived{load_virtio(buffer.data()), Bytes(buffer.begin() + kVirtioBytes, buffer.begin() + length),
                   monotonic_now()};
  }
  /// Serves until so many have come.
  std::vector<Arrived> receive(std::size_t side, std::size_t count) {
    std::vector<Arrived> all;
    const Nanoseconds until = monotonic_now() + kPatience;
    while (all.size() < count && monotonic_now() < until) {
      pump_->turn(1ms);
      while (all.size() < count) {
        const auto one = take(side);
        if (!one) break;
        all.push_back(*one);
      }
    }
    EXPECT_EQ(all.size(), count);
    return all;
  }
  /// Serves until this many have been offered in this direction.
  void serve_offered(std::size_t direction, std::uint64_t count) {
    const Nanoseconds until = monotonic_now() + kPatience;
    while (pump_->counters(0, direction).fate.offered_packets < count && monotonic_now() < until) pump_->turn(1ms);
  }
  static Bytes numbered(std::size_t number) {
    Bytes frame = test::make_frame({.payload = 64});
    frame[50] = static_cast<std::byte>(number >> 8U);
    frame[51] = static_cast<std::byte>(number & 0xffU);
    return frame;
  }
  static std::size_t number_of(const Bytes& frame) {
    return (std::to_integer<std::size_t>(frame[50]) << 8U) + std::to_integer<std::size_t>(frame[51]);
  }

  int engine_room_ = 1 << 20;  // SO_SNDBUF of the engine's ends
  std::optional<Pump> pump_;
  bool has_group_ = false;  // the first side's end has another socket
  std::array<os::Fd, 2> nodes_;
  os::Fd second_;  // the node's end of that
};

TEST_F(PumpTest, PassesFramesBothWaysAsTheyAre) {
  start({});
  Bytes partial = test::make_frame({.tcp = true});
  const VirtioHeader header = test::make_partial(partial, {.tcp = true});
  send(0, header, partial);
  send(1, test::make_arp(1));

  const auto there = receive(1, 1);
  const auto back = receive(0, 1);

  EXPECT_EQ(there.front().frame, partial);
  EXPECT_TRUE(there.front().header.needs_checksum());
  EXPECT_EQ(back.front().frame, test::make_arp(1));
  EXPECT_EQ(pump_->counters(0, 0).fate.departed_packets, 1U);
  EXPECT_EQ(pump_->counters(0, 1).fate.departed_bytes, test::make_arp(1).size());
}

TEST_F(PumpTest, KeepsEachForItsDelayAndInOrder) {
  for (const Nanoseconds spin : {0ns, 100'000ns}) {
    start(delayed(20ms), {}, {.spin = spin});
    std::vector<Nanoseconds> sent;
    for (std::size_t i = 0; i < 100; ++i) {
      sent.push_back(monotonic_now());
      send(0, numbered(i));
      pump_->turn(0ns);
    }

    const auto all = receive(1, 100);

    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(number_of(all[i].frame), i);
      EXPECT_GE(all[i].at - sent[i], 20ms);
    }
    EXPECT_EQ(pump_->counters(0, 0).lateness.count(), 100U);
    EXPECT_EQ(pump_->counters(0, 0).own_losses, 0U);
  }
}

TEST_F(PumpTest, LosesExactlyWhatIsListed) {
  Impairment impairment;
  impairment.loss = ListedLoss{{2, 3, 7}};
  start(impairment);
  send(0, test::make_arp());  // no data, and not counted
  for (std::size_t i = 1; i <= 8; ++i) send(0, numbered(i));

  const auto all = receive(1, 6);

  std::vector<std::size_t> numbers;
  for (std::size_t i = 1; i < all.size(); ++i) numbers.push_back(number_of(all[i].frame));
  EXPECT_EQ(numbers, (std::vector<std::size_t>{1, 4, 5, 6, 8}));
  EXPECT_EQ(pump_->counters(0, 0).fate.drops[static_cast<std::size_t>(DropReason::loss)], 3U);
}

TEST_F(PumpTest, DecidesForEachSegmentOfASuperFrame) {
  Impairment impairment;
  impairment.loss = ListedLoss{{2}};
  impairment.delay = 1ms;
  start(impairment);
  const auto segments = send_super(60'000);

  // Those in a row that are due together come together.
  const auto all = receive(1, 2);

  EXPECT_EQ(all[0].frame, segments[0]);
  EXPECT_EQ(cut_up(all[1].header, all[1].frame), std::vector<Bytes>(segments.begin() + 2, segments.end()));
  EXPECT_EQ(pump_->counters(0, 0).fate.offered_packets, segments.size());
  EXPECT_EQ(pump_->counters(0, 0).lateness.count(), segments.size() - 1);
}

TEST_F(PumpTest, SendsSegmentsOneByOneThatAreDueOneByOne) {
  Impairment impairment;
  impairment.rate = LineRate{1'000'000};
  start(impairment);
  const auto segments = send_super(4000);

  const auto all = receive(1, segments.size());

  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].frame, segments[i]);
}

TEST_F(PumpTest, SendsSegmentsOneByOneWhereTheyDoNotGoTogether) {
  engine_room_ = 20'000;
  Impairment impairment;
  impairment.loss = ListedLoss{{1}};
  start(impairment);
  const auto segments = send_super(60'000);

  std::vector<Bytes> all = {receive(1, 1).front().frame};
  while (all.size() + 1 < segments.size() && !HasFailure()) {
    const Arrived next = receive(1, 1).front();
    const auto more = next.header.is_super_frame() ? cut_up(next.header, next.frame) : std::vector<Bytes>{next.frame};
    all.insert(all.end(), more.begin(), more.end());
  }

  EXPECT_EQ(all, std::vector<Bytes>(segments.begin() + 1, segments.end()));
  EXPECT_EQ(pump_->counters(0, 0).own_losses, 0U);
}

TEST_F(PumpTest, SendsAloneWhatIsNoLongerLikeItsNeighbours) {
  Impairment impairment;
  impairment.corrupt = 1;
  start(impairment);
  const auto segments = send_super(10'000);

  EXPECT_EQ(receive(1, segments.size()).size(), segments.size());
}

TEST_F(PumpTest, PassesASuperFrameWholeThatIsOnlyDelayed) {
  start(delayed(1ms));
  const FrameSpec spec{.tcp = true, .payload = 60'000};
  Bytes frame;
  const VirtioHeader header = test::make_super(frame, spec, 1448);
  for (int i = 0; i < 10; ++i) send(0, header, frame);

  for (const Arrived& one : receive(1, 10)) {
    EXPECT_EQ(one.frame, frame);
    EXPECT_EQ(one.header.gso_size, 1448);
  }
  const auto fate = pump_->counters(0, 0).fate;
  EXPECT_EQ(fate.departed_packets, 10 * ((60'000U + 1447) / 1448));  // as they would be on a wire
  EXPECT_EQ(fate.offered_bytes, 10 * (60'000U + 54 * ((60'000 + 1447) / 1448)));
}

TEST_F(PumpTest, SendsInPiecesWhatIsRefusedWhole) {
  engine_room_ = 16 << 10;  // a message socket takes none that is larger: EMSGSIZE
  start(delayed(1ms));
  const FrameSpec spec{.tcp = true, .payload = 34'000};
  Bytes frame;
  const VirtioHeader header = test::make_super(frame, spec, 17'000);
  send(0, header, frame);

  const auto all = receive(1, 2);

  for (Arrived one : all) {
    EXPECT_EQ(one.frame.size(), test::headers_of(spec) + 17'000);
    EXPECT_TRUE(complete_checksum(one.header, one.frame));
    EXPECT_TRUE(test::checksums_hold(one.frame, spec));
  }
  EXPECT_EQ(pump_->counters(0, 0).own_losses, 0U);

  send(0, {}, test::make_frame(spec));  // no super-frame: it cannot be sent
  serve_offered(0, 3);
  const Nanoseconds until = monotonic_now() + kPatience;
  while (pump_->counters(0, 0).own_losses == 0 && monotonic_now() < until) pump_->turn(1ms);
  EXPECT_EQ(pump_->counters(0, 0).own_losses, 1U);
}

TEST_F(PumpTest, TurnsOneBitOfAFrameWhoseChecksumIsWhole) {
  Impairment impairment;
  impairment.corrupt = 1;
  start(impairment);
  const FrameSpec spec{.tcp = true, .payload = 1000};
  const Bytes right = test::make_frame(spec);
  Bytes partial = right;
  const VirtioHeader header = test::make_partial(partial, spec);
  for (int i = 0; i < 50; ++i) send(0, header, partial);

  for (const Arrived& one : receive(1, 50)) {
    EXPECT_FALSE(one.header.needs_checksum());
    int turned = 0;
    for (std::size_t i = 0; i < right.size(); ++i) {
      turned += __builtin_popcount(std::to_integer<unsigned>(one.frame[i] ^ right[i]));
    }
    EXPECT_EQ(turned, 1);
  }
}

TEST_F(PumpTest, DoublesFrames) {
  Impairment impairment = delayed(2ms);
  impairment.duplicate = 1;
  start(impairment);
  for (std::size_t i = 0; i < 10; ++i) send(0, numbered(i));

  const auto all = receive(1, 20);

  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(number_of(all[i].frame), i / 2);
}

TEST_F(PumpTest, LosesWhatIsOnItsWayOnlyWhenToldTo) {
  Impairment slow = delayed(50ms);
  slow.rate = LineRate{.bits_per_second = 1'000'000};  // 10 packets of 106 bytes take 8.5 ms
  for (const bool lose : {false, true}) {
    start(slow);
    for (std::size_t i = 0; i < 10; ++i) send(0, numbered(i));
    serve_offered(0, 10);
    Impairment down = slow;
    down.up = false;

    pump_->set(0, 0, down, lose);
    send(0, numbered(10));
    serve_offered(0, 11);

    if (!lose) {
      EXPECT_EQ(receive(1, 10).size(), 10U);
    }
    const auto fate = pump_->counters(0, 0).fate;
    EXPECT_EQ(fate.departed_packets, lose ? 0U : 10U);
    EXPECT_EQ(fate.drops[static_cast<std::size_t>(DropReason::link_down)], lose ? 11U : 1U);
    EXPECT_EQ(fate.departed_bytes, lose ? 0U : 10 * numbered(0).size());
    EXPECT_EQ(fate.queue_packets, 0U);
  }
}

TEST_F(PumpTest, WaitsForRoomInTheReceiversSocket) {
  for (const Nanoseconds delay : {0ns, 1'000'000ns}) {
    start(delayed(delay));
    constexpr std::size_t kMany = 5000;  // more than a socket holds
    std::vector<std::size_t> numbers;
    std::size_t sent = 0;
    const Nanoseconds until = monotonic_now() + kPatience;
    while (sent < kMany && monotonic_now() < until) {
      const Bytes message = test::join({}, numbered(sent));
      if (::send(nodes_[0].get(), message.data(), message.size(), MSG_DONTWAIT) > 0) ++sent;
      pump_->turn(0ns);
    }
    for (const Arrived& one : receive(1, kMany)) numbers.push_back(number_of(one.frame));

    for (std::size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], i);
    EXPECT_EQ(pump_->counters(0, 0).own_losses, 0U);
  }
}

TEST_F(PumpTest, CountsWhatItHasNoMemoryForAsItsOwnLoss) {
  start(delayed(50ms), {}, {.max_direction_bytes = 10U << 10U});
  for (std::size_t i = 0; i < 20; ++i) send(0, numbered(i));
  serve_offered(0, 20);

  const auto some = pump_->counters(0, 0);
  EXPECT_EQ(some.own_losses, 15U);  // a small frame takes 2 KiB
  EXPECT_EQ(receive(1, 5).size(), 5U);

  send(0, numbered(20));  // there is room again
  EXPECT_EQ(receive(1, 1).size(), 1U);
}

// What came by several sockets waits to be put into order: some of it without memory, until others have been sent.
TEST_F(PumpTest, DoesNotDoubleWhatItHadNoMemoryFor) {
  constexpr std::size_t kRoom = 64;  // for as many as are sent at once
  Impairment impairment;
  impairment.duplicate = 1;
  has_group_ = true;
  start(impairment, {}, {.max_direction_bytes = kRoom * (2U << 10U)});
  const Bytes message = test::join({}, numbered(1));
  for (int i = 0; i < 50; ++i) {
    for (const os::Fd* by : {&nodes_[0], &second_}) {
      ASSERT_GT(::send(by->get(), message.data(), message.size(), MSG_DONTWAIT), 0);
    }
  }

  serve_offered(0, 100);

  std::size_t arrived = 0;
  while (take(1)) ++arrived;
  EXPECT_EQ(arrived, kRoom);
  EXPECT_EQ(pump_->counters(0, 0).own_losses, 200 - kRoom);
}

TEST_F(PumpTest, LogsEveryPacketOnce) {
  os::Fd log = os::make_anonymous_file("log", {});
  const os::Fd reader{::dup(log.get())};
  Impairment impairment = delayed(1ms);
  impairment.loss = EveryNthLoss{2};
  start(impairment, {}, {.packet_log = std::move(log)});
  send(0, test::make_arp());
  for (std::size_t i = 0; i < 4; ++i) send(0, numbered(i));
  receive(1, 3);
  EXPECT_TRUE(pump_->flush_log());

  std::string text(4096, '\0');
  text.resize(static_cast<std::size_t>(::pread(reader.get(), text.data(), text.size(), 0)));
  const auto count = [&text](const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("\n"), 5U) << text;
  EXPECT_EQ(count(R"("drop":"loss")"), 2U) << text;
  EXPECT_EQ(count(R"("class":"control")"), 1U) << text;
  EXPECT_EQ(count(R"({"link":0,"direction":"uplink","class":"data","number":3,"bytes":106,"in":)"), 1U) << text;
}

TEST_F(PumpTest, LogsWhoNeverArrivedAtTheEnd) {
  os::Fd log = os::make_anonymous_file("log", {});
  const os::Fd reader{::dup(log.get())};
  Impairment impairment = delayed(1h);
  impairment.rate = LineRate{8'000};  // the first is on the line for 0.1 s
  start(impairment, {}, {.packet_log = std::move(log)});
  for (std::size_t i = 0; i < 4; ++i) send(0, numbered(i));
  serve_offered(0, 4);

  EXPECT_TRUE(pump_->end_log());

  std::string text(4096, '\0');
  text.resize(static_cast<std::size_t>(::pread(reader.get(), text.data(), text.size(), 0)));
  for (const std::string number : {"1", "2", "3", "4"}) {
    EXPECT_THAT(text, testing::HasSubstr("\"number\":" + number + ",\"bytes\":106,\"in\":"));
  }
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4) << text;
  EXPECT_THAT(text, testing::EndsWith(",\"drop\":\"end\"}\n"));
}

TEST_F(PumpTest, SurvivesFramesThatAreNone) {
  start(delayed(1ms));
  for (std::size_t length = 1; length < 40; ++length) {
    const Bytes junk(length, std::byte{0xff});
    ASSERT_EQ(::send(nodes_[0].get(), junk.data(), junk.size(), 0), static_cast<ssize_t>(junk.size()));
  }
  send(0, numbered(7));

  const auto all = receive(1, 40 - 24 + 1);

  EXPECT_EQ(number_of(all.back().frame), 7U);
}

}  // namespace
}  // namespace dummynet::wire

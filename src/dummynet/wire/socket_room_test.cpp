// Room for frames that come while the engine does not get to read them, with sockets as small as an ordinary user's.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "dummynet/wire/link_engine.hpp"
#include "support/engine_test.hpp"
#include "support/traffic.hpp"
#include "support/waiting.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;
using test::Datagrams;

// One socket has room for some 130 to 170 small frames, or two large ones. Whoever receives in the end may have no more
// than the machine's 208 KiB, which is some 500 small ones: never more are under way, however long it does not run.
constexpr int kSmall = 64 << 10;
constexpr net::CutRoom kManySmall{.socket_bytes = kSmall};

Impairment slow(std::uint64_t bits_per_second) {
  Impairment impairment;
  impairment.rate = LineRate{.bits_per_second = bits_per_second};
  impairment.queue.limit_packets = 10'000;
  return impairment;
}

class SocketRoomTest : public test::EngineTest {
 protected:
  void stop_engine() {
    ASSERT_EQ(::kill(engine_->pid(), SIGSTOP), 0);
    ASSERT_TRUE(test::eventually([this] { return state_of_engine() == 'T'; }));
  }
  void let_engine_go_on() { ASSERT_EQ(::kill(engine_->pid(), SIGCONT), 0); }

 private:
  /// The letter of proc_pid_stat(5).
  char state_of_engine() const {
    std::ifstream file{"/proc/" + std::to_string(engine_->pid()) + "/stat"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const auto name_end = text.rfind(')');
    return name_end == std::string::npos || name_end + 2 >= text.size() ? '?' : text[name_end + 2];
  }
};

TEST_F(SocketRoomTest, KeepsWhatComesWhileTheEngineDoesNotRun) {
  constexpr std::uint64_t kFrames = 450;
  start(slow(1'000'000), {}, {.room = kManySmall});
  Datagrams datagrams{monitor_, *network_, "a", "b"};
  datagrams.meet();

  stop_engine();
  for (std::uint64_t number = 1; number <= kFrames; ++number) datagrams.send(number, 8);
  let_engine_go_on();

  const std::vector<std::uint64_t> numbers = datagrams.receive_numbers(kFrames);
  for (std::uint64_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], i + 1);
  EXPECT_EQ(counters(Direction::uplink).own_losses, 0U);
}

TEST_F(SocketRoomTest, KeepsSuperFramesAsWell) {
  constexpr std::uint64_t kFrames = 3;
  constexpr std::uint64_t kSegments = 44;
  constexpr std::uint16_t kBytes = 1400;
  start(slow(4'000'000), {}, {.room = kManySmall});
  Datagrams datagrams{monitor_, *network_, "a", "b"};
  datagrams.meet();

  stop_engine();
  for (std::uint64_t number = 1; number <= kFrames; ++number) {
    datagrams.send_segmented(number, kSegments * kBytes, kBytes);
  }
  let_engine_go_on();

  const std::vector<std::uint64_t> numbers = datagrams.receive_numbers(kFrames * kSegments);
  for (std::uint64_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], i / kSegments + 1);
  EXPECT_EQ(counters(Direction::uplink).own_losses, 0U);
}

// While it is stopped and goes on again and again, the kernel comes back to sockets that are being read.
TEST_F(SocketRoomTest, KeepsTheOrderWhileSocketsFillAndEmpty) {
  constexpr std::uint64_t kFrames = 5400;
  start(slow(2'000'000), {}, {.room = {.socket_bytes = kSmall, .wanted_bytes = 500'000}});
  Datagrams datagrams{monitor_, *network_, "a", "b"};
  datagrams.meet();

  std::vector<std::uint64_t> numbers;
  for (std::uint64_t number = 1; number <= kFrames;) {
    stop_engine();
    for (std::uint64_t i = 0; i < 280; ++i) datagrams.send(number++, 8);
    let_engine_go_on();
    for (std::uint64_t i = 0; i < 170; ++i) datagrams.send(number++, 8);  // while it catches up
    const std::vector<std::uint64_t> some = datagrams.receive_numbers(number - 1 - numbers.size());
    numbers.insert(numbers.end(), some.begin(), some.end());
  }

  for (std::uint64_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], i + 1);
  EXPECT_EQ(counters(Direction::uplink).own_losses, 0U);
}

TEST_F(SocketRoomTest, CountsWhatHasNoRoomInAnyOfThem) {
  constexpr std::uint64_t kFrames = 1000;
  for (const std::size_t wanted : {0U, 200'000U}) {  // one socket, and three
    start(slow(1'000'000), {}, {.room = {.socket_bytes = kSmall, .wanted_bytes = wanted}});
    Datagrams datagrams{monitor_, *network_, "a", "b"};
    datagrams.meet();

    stop_engine();
    for (std::uint64_t number = 1; number <= kFrames; ++number) datagrams.send(number, 8);
    let_engine_go_on();

    std::uint64_t lost = 0;
    ASSERT_TRUE(test::eventually([&] {
      const DirectionCounters now = counters(Direction::uplink);
      lost = now.missed_packets;
      return now.fate.offered_packets + lost > kFrames;  // with the one by which they met
    }));
    await_sent(Direction::uplink);
    std::vector<std::uint64_t> numbers;
    while (const auto one = datagrams.receive(0ms)) numbers.push_back(one->number);
    EXPECT_GT(lost, 0U);
    EXPECT_GE(numbers.size() + lost, kFrames);
    EXPECT_GT(numbers.size(), 100U);
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
    EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end()), numbers.end());
    const DirectionCounters after = counters(Direction::uplink);
    EXPECT_EQ(after.own_losses, lost);
    EXPECT_TRUE(after.room_is_limited);
    EXPECT_EQ(after.room_bytes, (wanted == 0 ? 1U : 3U) * 2 * kSmall);
  }
}

}  // namespace
}  // namespace dummynet::wire

#include "dummynet/wire/link_direction.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;

struct NoFrames : Pipeline::Frames {
  std::uint32_t copy(std::uint32_t frame) override { return frame; }
};

class LinkDirectionTest : public testing::Test {
 protected:
  /// So many frames, sent so far apart; then one more is due that long after the last.
  Nanoseconds next_after(std::size_t count, Nanoseconds apart) {
    LinkDirection direction{{}, 1, 0ns, frames_};
    std::array<std::byte, kVirtioBytes + 60> memory{};
    Frame frame;
    frame.memory = memory.data();
    frame.length = static_cast<std::uint32_t>(memory.size());
    Nanoseconds at = 1s;
    for (std::size_t i = 0; i < count; ++i, at += apart) {
      frame.due = at;
      direction.note_sent(frame, at);
    }
    direction.on_the_way.push(at, 0);
    return direction.next() - (at - apart);
  }

  NoFrames frames_;
};

TEST_F(LinkDirectionTest, GathersFramesOnlyInADenseStream) {
  EXPECT_EQ(next_after(5, 10us), 10us);
  EXPECT_EQ(next_after(1000, 10us), 50us);
  EXPECT_EQ(next_after(1000, 70us), 70us);
  EXPECT_EQ(next_after(1000, 2ms), 2ms);
}

TEST_F(LinkDirectionTest, IsExactAgainAfterAPause) {
  LinkDirection direction{{}, 1, 0ns, frames_};
  std::array<std::byte, kVirtioBytes + 60> memory{};
  Frame frame;
  frame.memory = memory.data();
  frame.length = static_cast<std::uint32_t>(memory.size());
  for (const Nanoseconds at : {0us, 10us, 20us, 30us, 40us, 50us, 60us, 70us, 80us, 90us}) {
    direction.note_sent(frame, 1s + at);
  }
  EXPECT_TRUE(direction.gathers());
  direction.note_sent(frame, 1s + 1ms);
  EXPECT_FALSE(direction.gathers());
}

TEST_F(LinkDirectionTest, DecidesALittleLaterWhereTheDelayLeavesTime) {
  Impairment impairment;
  impairment.rate = LineRate{1'000'000};
  const auto second_decision_of = [&](Nanoseconds delay, Nanoseconds jitter) {
    impairment.delay = delay;
    impairment.jitter.amount = jitter;
    LinkDirection direction{impairment, 1, 0ns, frames_};
    std::vector<Decision> decisions;
    for (std::uint32_t i = 0; i < 2; ++i) {
      Arrival arrival;
      arrival.at = 1s;
      arrival.bytes = 1000;
      arrival.frame = i;
      direction.pipeline.offer(arrival, decisions);
    }
    return direction.next() - direction.pipeline.next();
  };
  EXPECT_EQ(second_decision_of(0ns, 0ns), 0ns);
  EXPECT_EQ(second_decision_of(20us, 0ns), 10us);
  EXPECT_EQ(second_decision_of(5ms, 0ns), 50us);
  EXPECT_EQ(second_decision_of(5ms, 1ms), 0ns);
}

}  // namespace
}  // namespace dummynet::wire

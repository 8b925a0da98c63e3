#include "dummynet/scenario/timetable.hpp"

#include <gmock/gmock.h>

namespace dummynet::scenario {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<PlannedEvent> events_at(std::initializer_list<std::chrono::nanoseconds> times) {
  std::vector<PlannedEvent> events;
  for (const auto time : times) {
    events.emplace_back().at = time;
    events.back().text = std::to_string(events.size());
  }
  return events;
}

class TimetableTest : public testing::Test {
 protected:
  std::function<void(const PlannedEvent&)> note() {
    return [this](const PlannedEvent& event) {
      carried_out_.push_back(event.text);
      EXPECT_GE(Clock::now() - zero_, event.at);
    };
  }
  void poll_until(std::size_t events) {
    while (carried_out_.size() < events && Clock::now() < deadline_) poller_.poll(100ms);
  }

  Poller poller_;
  std::vector<std::string> carried_out_;
  const Clock::time_point zero_ = Clock::now();
  const Clock::time_point deadline_ = zero_ + 60s;
};

TEST_F(TimetableTest, KeepsItsTimesAndItsOrder) {
  const auto events = events_at({0ms, 2ms, 2ms, 5ms});
  Timetable timetable{poller_, events, note()};
  timetable.start(zero_);
  timetable.start(zero_ + 1h);  // too late to change anything
  poll_until(4);

  EXPECT_THAT(carried_out_, ElementsAre("1", "2", "3", "4"));
  const std::vector<EventResult> results = timetable.results(zero_);
  ASSERT_THAT(results, SizeIs(4));
  EXPECT_GE(results[3].done.value(), 5ms);
  EXPECT_EQ(results[3].at, 5ms);
}

TEST_F(TimetableTest, WaitsForTimeZero) {
  const auto events = events_at({0ms});
  Timetable timetable{poller_, events, note()};

  EXPECT_EQ(poller_.poll(0ns), 0U);
  EXPECT_THAT(carried_out_, IsEmpty());
}

TEST_F(TimetableTest, KnowsWhatTheRunDidNotLiveToSee) {
  const auto events = events_at({0ms, 1h});
  Timetable timetable{poller_, events, note()};
  timetable.start(zero_);
  poll_until(1);
  timetable.stop();

  EXPECT_THAT(carried_out_, ElementsAre("1"));
  EXPECT_TRUE(timetable.results(zero_)[0].done);
  EXPECT_FALSE(timetable.results(zero_)[1].done);
}

TEST_F(TimetableTest, EndsWithinAnEvent) {
  const auto events = events_at({0ms, 0ms});
  Timetable* itself = nullptr;
  Timetable timetable{poller_, events, [&](const PlannedEvent& event) {
                        carried_out_.push_back(event.text);
                        itself->stop();
                      }};
  itself = &timetable;
  timetable.start(zero_);
  poll_until(1);

  EXPECT_EQ(poller_.poll(0ns), 0U);
  EXPECT_THAT(carried_out_, ElementsAre("1"));
}

}  // namespace
}  // namespace dummynet::scenario

#include "dummynet/wire/due_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace dummynet::wire {
namespace {

TEST(DueQueue, GivesTheEarliestFirstAndEqualsInTheirOrder) {
  DueQueue queue;
  EXPECT_EQ(queue.earliest(), Nanoseconds::max());
  std::uint32_t frame = 0;
  for (const int due : {5, 9, 9, 3, 5, 12, 3, 9}) queue.push(Nanoseconds{due}, frame++);

  const std::uint32_t expected[] = {3, 6, 0, 4, 1, 2, 7, 5};
  for (const std::uint32_t one : expected) EXPECT_EQ(queue.pop().frame, one);
  EXPECT_TRUE(queue.empty());
}

TEST(DueQueue, GivesWhatIsPutBackItsPlaceAgain) {
  DueQueue queue;
  for (std::uint32_t frame = 0; frame < 4; ++frame) queue.push(Nanoseconds{7}, frame);
  const DueQueue::Entry first = queue.pop();
  const DueQueue::Entry second = queue.pop();
  queue.put_back(second);
  queue.put_back(first);

  for (std::uint32_t frame = 0; frame < 4; ++frame) EXPECT_EQ(queue.pop().frame, frame);
}

TEST(DueQueue, SortsWhateverComes) {
  DueQueue queue;
  std::mt19937 random{7};
  std::vector<std::pair<int, std::uint32_t>> all;
  for (std::uint32_t frame = 0; frame < 1000; ++frame) {
    const int due = static_cast<int>(frame + random() % 50);
    queue.push(Nanoseconds{due}, frame);
    all.emplace_back(due, frame);
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [due, frame] : all) {
    EXPECT_EQ(queue.earliest(), Nanoseconds{due});
    EXPECT_EQ(queue.pop().frame, frame);
  }
}

}  // namespace
}  // namespace dummynet::wire

#include "dummynet/wire/arrival_order.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <random>

namespace dummynet::wire {
namespace {

using Numbers = std::vector<int>;

void add(ArrivalOrder<int>& order, const Numbers& numbers) {
  for (const int number : numbers) order.add(Nanoseconds{number}, number);
}

TEST(ArrivalOrder, GivesAllWhenTheSecondRoundFindsNothing) {
  ArrivalOrder<int> order;
  EXPECT_TRUE(order.is_empty());
  add(order, {7, 8, 1, 2, 4});

  EXPECT_EQ(order.end_round(), Numbers{});
  EXPECT_FALSE(order.is_empty());
  EXPECT_EQ(order.end_round(), (Numbers{1, 2, 4, 7, 8}));
  EXPECT_TRUE(order.is_empty());
  EXPECT_EQ(order.end_round(), Numbers{});
}

TEST(ArrivalOrder, KeepsBackWhatOthersMayStillPrecede) {
  ArrivalOrder<int> order;
  add(order, {3, 5});
  order.end_round();
  add(order, {4, 8, 6});  // 7 has not been seen

  EXPECT_EQ(order.end_round(), (Numbers{3, 4, 5}));
  add(order, {7, 9});
  EXPECT_EQ(order.end_round(), (Numbers{6, 7, 8}));
  EXPECT_EQ(order.end_round(), Numbers{9});
}

TEST(ArrivalOrder, KeepsTheOrderOfEqualStamps) {
  ArrivalOrder<int> order;
  for (int i = 0; i < 100; ++i) order.add(Nanoseconds{i / 10}, i);
  order.end_round();

  const Numbers& all = order.end_round();

  for (int i = 0; i < 100; ++i) ASSERT_EQ(all[static_cast<std::size_t>(i)], i);
}

// Sockets that fill and are read at the same time, with little room, in turns that a seed decides.
TEST(ArrivalOrder, HoldsWhileSocketsFillAsTheyAreRead) {
  constexpr int kAll = 2000;
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random{seed};
    std::array<std::deque<int>, 4> sockets;
    ArrivalOrder<int> order;
    Numbers seen;
    int sent = 0;
    std::size_t filling = 0;
    const auto arrive = [&] {
      for (auto some = random() % 5; some > 0 && sent < kAll; --some) {
        for (std::size_t tried = 0; tried < sockets.size() && sockets[filling].size() >= 3; ++tried) {
          filling = (filling + 1) % sockets.size();
        }
        if (sockets[filling].size() < 3) sockets[filling].push_back(sent++);
      }
    };
    while (seen.size() < kAll) {
      for (auto& socket : sockets) {
        for (int read = 0; read < 8 && !socket.empty(); ++read) {
          add(order, {socket.front()});
          socket.pop_front();
          arrive();
        }
        arrive();
      }
      const Numbers& next = order.end_round();
      seen.insert(seen.end(), next.begin(), next.end());
    }
    for (int i = 0; i < kAll; ++i) ASSERT_EQ(seen[static_cast<std::size_t>(i)], i) << seed;
  }
}

}  // namespace
}  // namespace dummynet::wire

#include "dummynet/net/near_word.hpp"

#include <gtest/gtest.h>

#include <array>

namespace dummynet::net {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("delay", "delay"), 0U);
  EXPECT_EQ(edit_distance("delay", "dealy"), 1U);
  EXPECT_EQ(edit_distance("delay", "dela"), 1U);
  EXPECT_EQ(edit_distance("delay", "delays"), 1U);
  EXPECT_EQ(edit_distance("delay", "relay"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("ca", "abc"), 3U);  // the swapped pair is not touched again
}

constexpr std::array<std::string_view, 4> kWords{"delay", "daemon", "command", "id"};

TEST(NearWord, FindsWhatWasProbablyMeant) {
  EXPECT_EQ(near_word("dealy", kWords), "delay");
  EXPECT_EQ(near_word("Comand", kWords), "command");
  EXPECT_EQ(near_word("DAEMON", kWords), "daemon");
}

TEST(NearWord, SaysNothingRatherThanNonsense) {
  EXPECT_EQ(near_word("bandwidth", kWords), std::nullopt);
  EXPECT_EQ(near_word("", kWords), std::nullopt);
  EXPECT_EQ(near_word("x", kWords), std::nullopt);
  EXPECT_EQ(near_word(std::string(100'000, 'd'), kWords), std::nullopt);
}

TEST(NearWord, IsPutIntoWords) {
  EXPECT_EQ(did_you_mean("dealy", kWords), "; did you mean `delay`?");
  EXPECT_EQ(did_you_mean("bandwidth", kWords), "");
}

}  // namespace
}  // namespace dummynet::net

#include "dummynet/wire/agenda.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace dummynet::wire {
namespace {

TEST(Agenda, HasNobodyAtFirst) {
  Agenda agenda;
  EXPECT_EQ(agenda.earliest(), Nanoseconds::max());
  agenda.add();
  EXPECT_EQ(agenda.earliest(), Nanoseconds::max());
}

TEST(Agenda, KnowsTheEarliestWhateverChanges) {
  Agenda agenda;
  std::vector<Nanoseconds> times(37, Nanoseconds::max());
  for (std::size_t i = 0; i < times.size(); ++i) agenda.add();
  std::mt19937 random{3};
  for (int step = 0; step < 5000; ++step) {
    const auto who = static_cast<std::uint32_t>(random() % times.size());
    times[who] = random() % 5 == 0 ? Nanoseconds::max() : Nanoseconds{random() % 1000};
    agenda.set(who, times[who]);

    const Nanoseconds least = *std::min_element(times.begin(), times.end());
    ASSERT_EQ(agenda.earliest(), least);
    ASSERT_EQ(times[agenda.first()], least);
  }
}

}  // namespace
}  // namespace dummynet::wire

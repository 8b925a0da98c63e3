#include "dummynet/scenario/start_order.hpp"

#include <gmock/gmock.h>

namespace dummynet::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(StartOrder, KeepsTheGivenOrderWhereItMay) {
  EXPECT_THAT(find_start_order({{}, {}, {}}).order, ElementsAre(0, 1, 2));
  EXPECT_THAT(find_start_order({{2}, {}, {}}).order, ElementsAre(1, 2, 0));
  EXPECT_THAT(find_start_order({}).order, IsEmpty());
}

TEST(StartOrder, PutsEachItemAfterItsDependencies) {
  const StartOrder result = find_start_order({{1, 2}, {3}, {3}, {}});

  EXPECT_THAT(result.order, ElementsAre(3, 1, 2, 0));
  EXPECT_THAT(result.cycle, IsEmpty());
}

TEST(StartOrder, NamesACycleWithoutWhatMerelyWaitsForIt) {
  EXPECT_THAT(find_start_order({{1}, {2}, {3}, {1}}).cycle, ElementsAre(1, 2, 3));
  EXPECT_THAT(find_start_order({{}, {1}}).cycle, ElementsAre(1));
}

TEST(StartOrder, TakesAnyDepth) {
  Dependencies chain(100'000);
  for (std::size_t item = 0; item + 1 < chain.size(); ++item) chain[item] = {item + 1};
  EXPECT_EQ(find_start_order(chain).order.front(), chain.size() - 1);

  chain.back() = {0};
  EXPECT_THAT(find_start_order(chain).cycle, SizeIs(chain.size()));
}

}  // namespace
}  // namespace dummynet::scenario

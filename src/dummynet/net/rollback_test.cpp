#include "dummynet/net/rollback.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace dummynet::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RollbackTest : public testing::Test {
 protected:
  Rollback::Id add(const std::string& name, const void* about = nullptr) {
    return rollback_.add({name, about, [this, name] { told_.push_back(name); }, {}});
  }
  Rollback::Id add_failing(const std::string& name) {
    return rollback_.add({name, nullptr, [] { throw std::runtime_error{"no"}; }, {}});
  }
  std::vector<std::string> told_;
  Rollback rollback_;
};

TEST_F(RollbackTest, UndoesTheLastFirst) {
  add("a");
  add("b");
  add("c");
  EXPECT_THAT(rollback_.undo_all(), IsEmpty());
  EXPECT_THAT(told_, ElementsAre("c", "b", "a"));
  EXPECT_TRUE(rollback_.empty());
}

TEST_F(RollbackTest, UndoesTheRestAlthoughOneStepFails) {
  add("a");
  add_failing("b");
  add("c");
  EXPECT_THAT(rollback_.undo_all(), ElementsAre("b: no"));
  EXPECT_THAT(told_, ElementsAre("c", "a"));
  EXPECT_THAT(rollback_.undo_all(), IsEmpty()) << "tried again";
}

TEST_F(RollbackTest, ForgetsWhatIsAskedTo) {
  add("a");
  const auto forgotten = add("b");
  rollback_.forget(forgotten);
  rollback_.forget(forgotten);
  rollback_.undo_all();
  EXPECT_THAT(told_, ElementsAre("a"));
}

TEST_F(RollbackTest, UndoesWhatIsAboutOneThing) {
  const int here = 0;
  const int there = 0;
  add("a", &here);
  add("b", &there);
  add("c", &here);
  rollback_.undo_about(&here);
  EXPECT_THAT(told_, ElementsAre("c", "a"));
  rollback_.undo_all();
  EXPECT_THAT(told_, ElementsAre("c", "a", "b"));
}

TEST_F(RollbackTest, AnAttemptThatFailsLeavesWhatWasBefore) {
  add("before");
  try {
    const Rollback::Attempt attempt{rollback_};
    add("first");
    add("second");
    throw std::runtime_error{"third"};
  } catch (const std::runtime_error&) {
    EXPECT_THAT(told_, ElementsAre("second", "first"));
  }
  EXPECT_FALSE(rollback_.empty());
}

TEST_F(RollbackTest, AnAttemptThatIsKeptStays) {
  {
    Rollback::Attempt attempt{rollback_};
    add("first");
    attempt.keep();
  }
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_FALSE(rollback_.empty());
}

TEST_F(RollbackTest, SaysWhenAStepIsOver) {
  int over = 0;
  const auto id = rollback_.add({"a", nullptr, {}, [&] { ++over; }});
  rollback_.forget(id);
  EXPECT_EQ(over, 1);
  rollback_.add({"b", nullptr, [] { throw std::runtime_error{"no"}; }, [&] { ++over; }});
  rollback_.undo_all();
  EXPECT_EQ(over, 2);
}

}  // namespace
}  // namespace dummynet::net

#include "dummynet/core/log_pattern.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace dummynet {
namespace {

TEST(LogPattern, FindsAPartOfALine) {
  const LogPattern pattern{"listening on [0-9]+$"};

  EXPECT_TRUE(pattern.matches("Server listening on 5201"));
  EXPECT_FALSE(pattern.matches("Server listening on port 5201"));
}

TEST(LogPattern, SearchesBetweenBytesThatAreNotUtf8) {
  EXPECT_TRUE(LogPattern{"is r..dy"}.matches("\xFF is ready \xC3"));
}

TEST(LogPattern, SaysWhatIsWrongWithIt) {
  try {
    const LogPattern pattern{"(open"};
    FAIL() << "the group is not closed";
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string{error.what()}, "regular expression /(open/: missing ): (open");
  }
}

}  // namespace
}  // namespace dummynet

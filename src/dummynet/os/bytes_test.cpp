#include "dummynet/os/bytes.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace dummynet::os {
namespace {

enum class Colour : std::uint8_t { red, green, blue };

TEST(Bytes, ComeBackAsTheyWereWritten) {
  ByteWriter writer;
  writer.number(std::uint8_t{200});
  writer.number(std::int64_t{-5});
  writer.number(0.25);
  writer.flag(true);
  writer.choice(Colour::blue);
  writer.text(std::string_view{"a\0b", 3});
  writer.text("");
  writer.count(2);
  writer.raw("xy", 2);

  ByteReader reader{writer.bytes()};
  EXPECT_EQ(reader.number<std::uint8_t>(), 200);
  EXPECT_EQ(reader.number<std::int64_t>(), -5);
  EXPECT_EQ(reader.number<double>(), 0.25);
  EXPECT_TRUE(reader.flag());
  EXPECT_EQ(reader.choice(Colour::blue), Colour::blue);
  EXPECT_EQ(reader.text(), std::string("a\0b", 3));
  EXPECT_EQ(reader.text(), "");
  EXPECT_EQ(reader.count(1), 2U);
  EXPECT_FALSE(reader.done()) << "two bytes are left";
  char two[2] = {};
  reader.raw(two, 2);
  EXPECT_EQ(std::string_view(two, 2), "xy");
  EXPECT_TRUE(reader.done());
}

TEST(Bytes, GiveNothingMoreOnceSomethingWasMissing) {
  ByteReader reader{"abc"};

  EXPECT_EQ(reader.number<std::uint32_t>(), 0U);
  EXPECT_FALSE(reader.good());
  EXPECT_EQ(reader.number<std::uint8_t>(), 0) << "though three bytes were there";
  EXPECT_EQ(reader.text(), "");
  EXPECT_FALSE(reader.done());
}

TEST(Bytes, KnowNeitherFlagsNorChoicesThatCannotBe) {
  ByteReader flag{"\x02\x01"};
  EXPECT_FALSE(flag.flag());
  EXPECT_FALSE(flag.good());
  EXPECT_FALSE(flag.flag());

  ByteReader choice{"\x02"};
  EXPECT_EQ(choice.choice(Colour::green), Colour::red);
  EXPECT_FALSE(choice.done());
}

TEST(Bytes, ReserveNothingForACountThatIsALie) {
  for (const std::size_t least : {1U, 4U, 400U}) {
    ByteWriter writer;
    writer.count(3);
    writer.raw(std::string(3 * least, 'x').data(), 3 * least - 1);

    ByteReader reader{writer.bytes()};
    EXPECT_EQ(reader.count(least), 0U) << least;
    EXPECT_FALSE(reader.good()) << least;
  }
  ByteWriter writer;
  writer.count(std::numeric_limits<std::uint32_t>::max());
  EXPECT_EQ(ByteReader{writer.bytes()}.text(), "");
}

}  // namespace
}  // namespace dummynet::os

#include "dummynet/core/capture.hpp"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

namespace dummynet {
namespace {

using namespace std::string_literals;
using Line = std::pair<std::string, bool>;

std::string numbered(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; text.size() < bytes; ++i) text += std::to_string(i) + ' ';
  text.resize(bytes);
  return text;
}

TEST(CaptureBuffer, KeepsEverythingUpToItsLimit) {
  CaptureBuffer buffer{10};
  buffer.append("01234");
  buffer.append("56789");
  const CapturedText text = buffer.take();

  EXPECT_EQ(text.text(), "0123456789");
  EXPECT_EQ(text.head(), "0123456789");
  EXPECT_EQ(text.dropped_bytes(), 0U);
}

TEST(CaptureBuffer, KeepsFirstAndLastHalfBeyondIt) {
  CaptureBuffer buffer{10};
  for (const char* piece : {"0123", "4567", "89a", "b", "cdefgh"}) buffer.append(piece);
  const CapturedText text = buffer.take();

  EXPECT_EQ(text.head(), "01234");
  EXPECT_EQ(text.tail(), "defgh");
  EXPECT_EQ(text.dropped_bytes(), 8U);
  EXPECT_EQ(text.total_bytes(), 18U);
}

TEST(CaptureBuffer, MayKeepNothing) {
  CaptureBuffer buffer{0};
  buffer.append("0123");

  EXPECT_EQ(buffer.take(), CapturedText(nullptr, 0, 4));
}

TEST(CaptureBuffer, MayKeepOneByte) {
  CaptureBuffer buffer{1};
  buffer.append("0");
  buffer.append("123");
  const CapturedText text = buffer.take();

  EXPECT_EQ(text.text(), "0");
  EXPECT_EQ(text.dropped_bytes(), 3U);
}

TEST(CaptureBuffer, CanBeLookedAtWithoutAnEffect) {
  CaptureBuffer buffer{6};
  buffer.append("0123456789");

  EXPECT_EQ(buffer.snapshot().text(), "012789");
  buffer.append("ab");
  EXPECT_EQ(buffer.snapshot().text(), "0129ab");
  EXPECT_EQ(buffer.take().text(), "0129ab");
}

TEST(CaptureBuffer, IsEmptyAfterTake) {
  CaptureBuffer buffer{4};
  buffer.append("0123456789");
  buffer.take();
  buffer.append("xy");

  EXPECT_EQ(buffer.take().text(), "xy");
  EXPECT_TRUE(buffer.take().empty());
}

TEST(CaptureBuffer, AgreesWithTheDefinitionForAnyPieces) {
  const std::string all = numbered(3000);
  std::mt19937 random{1};
  for (std::size_t limit = 0; limit < 64; ++limit) {
    CaptureBuffer buffer{limit};
    std::string_view rest = all;
    while (!rest.empty()) {
      const std::string_view piece = rest.substr(0, random() % 90);
      buffer.append(piece);
      rest.remove_prefix(piece.size());
    }
    const CapturedText text = buffer.take();
    ASSERT_EQ(text.head(), all.substr(0, limit - limit / 2)) << limit;
    ASSERT_EQ(text.tail(), all.substr(all.size() - limit / 2)) << limit;
    ASSERT_EQ(text.total_bytes(), all.size()) << limit;
  }
}

TEST(CaptureBuffer, KeepsLargeOutputByteForByte) {
  const std::string all = numbered(20U << 20U);
  CaptureBuffer buffer{64U << 20U};
  for (std::size_t begin = 0; begin < all.size(); begin += 65'536)
    buffer.append(std::string_view{all}.substr(begin, 65'536));

  EXPECT_TRUE(buffer.take().text() == all);
}

class Lines {
 public:
  void feed(std::string_view bytes) { splitter_.feed(bytes, callback_); }
  std::vector<Line> finish() {
    splitter_.finish(callback_);
    return std::exchange(lines_, {});
  }
  std::vector<Line> so_far() { return std::exchange(lines_, {}); }

 private:
  std::vector<Line> lines_;
  LineSplitter::Callback callback_ = [this](std::string_view line, bool complete) {
    lines_.emplace_back(line, complete);
  };
  LineSplitter splitter_;
};

TEST(LineSplitter, CutsAtLineEnds) {
  Lines lines;
  lines.feed("one\n\ntwo\r\nthree");

  EXPECT_EQ(lines.so_far(), (std::vector<Line>{{"one", true}, {"", true}, {"two\r", true}}));
  EXPECT_EQ(lines.finish(), (std::vector<Line>{{"three", false}}));
}

TEST(LineSplitter, HasNothingLeftAfterALineEnd) {
  Lines lines;
  lines.feed("one\n");
  lines.so_far();

  EXPECT_TRUE(lines.finish().empty());
}

TEST(LineSplitter, JoinsALineThatCameInPieces) {
  Lines lines;
  for (const char byte : "a\nbc\n\nd"s) lines.feed({&byte, 1});

  EXPECT_EQ(lines.finish(), (std::vector<Line>{{"a", true}, {"bc", true}, {"", true}, {"d", false}}));
}

TEST(LineSplitter, HandsOutALineWithinTheBytesWithoutACopy) {
  const std::string bytes = "one\ntwo\n";
  const char* seen = nullptr;
  LineSplitter splitter;
  splitter.feed(bytes, [&](std::string_view line, bool) { seen = line.data(); });

  EXPECT_EQ(seen, bytes.data() + 4);
}

TEST(LineSplitter, KeepsALineOfTheLargestSizeWhole) {
  Lines lines;
  const std::string longest(LineSplitter::kLongestLineBytes, 'x');
  lines.feed(longest);
  EXPECT_TRUE(lines.so_far().empty());
  lines.feed("\n");

  EXPECT_TRUE(lines.finish() == (std::vector<Line>{{longest, true}}));
}

TEST(LineSplitter, HandsOutALongerLineInPiecesBetweenCharacters) {
  constexpr std::size_t kLongest = LineSplitter::kLongestLineBytes;
  std::string text = "a";
  while (text.size() < 3 * kLongest) text += "€";
  for (const std::size_t step : {std::size_t{65'536}, text.size()}) {
    Lines lines;
    for (std::size_t begin = 0; begin < text.size(); begin += step)
      lines.feed(std::string_view{text}.substr(begin, step));
    lines.feed("\nnext\n");
    const std::vector<Line> found = lines.finish();

    ASSERT_EQ(found.size(), 5U);
    std::string joined;
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(found[i].second, i == 3);
      EXPECT_EQ(incomplete_utf8_suffix(found[i].first), 0U);
      EXPECT_LE(found[i].first.size(), kLongest);
      joined += found[i].first;
    }
    EXPECT_TRUE(joined == text);
    EXPECT_EQ(found[4], (Line{"next", true}));
  }
}

TEST(IncompleteUtf8Suffix, CountsTheBytesOfABegunCharacter) {
  EXPECT_EQ(incomplete_utf8_suffix(""), 0U);
  EXPECT_EQ(incomplete_utf8_suffix("abc"), 0U);
  EXPECT_EQ(incomplete_utf8_suffix("ä"), 0U);
  EXPECT_EQ(incomplete_utf8_suffix("a\xC3"), 1U);
  EXPECT_EQ(incomplete_utf8_suffix("\xE2\x82"), 2U);
  EXPECT_EQ(incomplete_utf8_suffix("a\xF0\x9F\x98"), 3U);
  EXPECT_EQ(incomplete_utf8_suffix("😀"), 0U);
}

TEST(IncompleteUtf8Suffix, DoesNotWaitForWhatCanNeverBeACharacter) {
  EXPECT_EQ(incomplete_utf8_suffix("\xFF"), 0U);
  EXPECT_EQ(incomplete_utf8_suffix("\xC0"), 0U);              // would be overlong
  EXPECT_EQ(incomplete_utf8_suffix("\xF5"), 0U);              // above U+10FFFF
  EXPECT_EQ(incomplete_utf8_suffix("\xE0\x80"), 0U);          // overlong
  EXPECT_EQ(incomplete_utf8_suffix("\xED\xA0"), 0U);          // a surrogate
  EXPECT_EQ(incomplete_utf8_suffix("\xF0\x80\x80"), 0U);      // overlong
  EXPECT_EQ(incomplete_utf8_suffix("\xF4\x90"), 0U);          // above U+10FFFF
  EXPECT_EQ(incomplete_utf8_suffix("\x80\x80\x80"), 0U);      // no lead
  EXPECT_EQ(incomplete_utf8_suffix("\xF0\x9F\x98\x80"), 0U);  // complete
  EXPECT_EQ(incomplete_utf8_suffix("\xC3\xA4\xA4"), 0U);      // complete, and one too many
}

}  // namespace
}  // namespace dummynet

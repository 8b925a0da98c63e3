#include "dummynet/scenario/document.hpp"

#include <gmock/gmock.h>

#include <string>

#include "support/complaints.hpp"

namespace dummynet::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string complaint_about_text(std::string_view text) { return test::lines(parse_document(text).complaints); }

TEST(Document, KeepsThePlaceOfEveryElement) {
  const Document document = parse_document("nodes:\n  a: {}\n  bb: [x, 'y']\n");

  ASSERT_THAT(document.complaints, IsEmpty());
  const Member& nodes = document.root->members.at(0);
  EXPECT_EQ(nodes.key, "nodes");
  EXPECT_EQ(nodes.key_position, (Position{1, 1}));
  const Member& bb = nodes.value.members.at(1);
  EXPECT_EQ(bb.key_position, (Position{3, 3}));
  EXPECT_TRUE(bb.value.is_list());
  EXPECT_EQ(bb.value.items.at(0).position, (Position{3, 8}));
  EXPECT_FALSE(bb.value.items.at(0).quoted);
  EXPECT_EQ(bb.value.items.at(1).text, "y");
  EXPECT_TRUE(bb.value.items.at(1).quoted);
}

TEST(Document, CountsColumnsInCharacters) {
  const Document document = parse_document("{größe: 1, b: 2}");

  EXPECT_EQ(document.root->members.at(1).key_position, (Position{1, 12}));
}

TEST(Document, LeavesTextsAsWritten) {
  const Document document = parse_document("{a: 007, b: yes, c: 'null', d: null, e: ~, f: , g: \"x\\ty\"}");

  const auto& members = document.root->members;
  EXPECT_EQ(members.at(0).value.text, "007");
  EXPECT_EQ(members.at(1).value.text, "yes");
  EXPECT_TRUE(members.at(2).value.is_text());
  EXPECT_TRUE(members.at(3).value.is_null());
  EXPECT_TRUE(members.at(4).value.is_null());
  EXPECT_TRUE(members.at(5).value.is_null());
  EXPECT_EQ(members.at(6).value.text, "x\ty");
}

TEST(Document, ReadsBlocksWindowsLineEndsAndAByteOrderMark) {
  EXPECT_EQ(parse_document("a: |\n  one\n  two\n").root->members.at(0).value.text, "one\ntwo\n");
  EXPECT_EQ(parse_document("\xEF\xBB\xBF"
                           "a: 1\r\nb: 2\r\n")
                .root->members.at(1)
                .key_position,
            (Position{2, 1}));
  EXPECT_THAT(complaint_about_text("---\na: 1\n...\n"), IsEmpty());
}

TEST(Document, MayBeATextOrAList) {
  EXPECT_TRUE(parse_document("hello").root->is_text());
  EXPECT_TRUE(parse_document("[1, 2]").root->is_list());
}

TEST(Document, RefusesDuplicateKeys) {
  EXPECT_EQ(complaint_about_text("a: 1\nb: 2\na: 3\n"), "f:3:1: duplicate key `a`; the first one is in line 1");
  EXPECT_EQ(complaint_about_text("x: {y: 1, \"y\": 2}"), "f:1:11: duplicate key `y`; the first one is in line 1");
}

TEST(Document, RefusesWhatMakesAFileHardToRead) {
  EXPECT_THAT(complaint_about_text("a: &x 1\nb: *x\n"),
              AllOf(HasSubstr("f:1:4: anchors"), HasSubstr("f:2:4: aliases")));
  EXPECT_THAT(complaint_about_text("a: {<<: {b: 1}}"), HasSubstr("f:1:5: merge keys"));
  EXPECT_THAT(complaint_about_text("a: !!int 5"), HasSubstr("f:1:4: tags (`tag:yaml.org,2002:int`)"));
  EXPECT_THAT(complaint_about_text("a: !mine {}"), HasSubstr("f:1:4: tags (`!mine`)"));
  EXPECT_THAT(complaint_about_text("? [a, b]\n: 1\n"), HasSubstr("a key must be a text, this is a list"));
}

TEST(Document, RefusesASecondDocument) {
  EXPECT_THAT(complaint_about_text("a: 1\n---\nb: 2\n"), HasSubstr("a second document starts here"));
}

TEST(Document, RefusesAliasBombsBeforeTheyGrow) {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char name = 'b'; name <= 'z'; ++name) {
    bomb += std::string{name} + ": &" + name + " [";
    for (int i = 0; i < 9; ++i) bomb += std::string{i == 0 ? "" : ", "} + '*' + static_cast<char>(name - 1);
    bomb += "]\n";
  }

  const Document document = parse_document(bomb);

  EXPECT_THAT(document.complaints, SizeIs(26 + 25 * 9));
}

TEST(Document, RefusesDeepNesting) {
  const std::string fine = std::string(64, '[') + std::string(64, ']');
  EXPECT_THAT(complaint_about_text(fine), IsEmpty());
  EXPECT_EQ(complaint_about_text(std::string(65, '[') + std::string(65, ']')), "f:1:65: nested deeper than 64 levels");
  EXPECT_THAT(complaint_about_text(std::string(100'000, '[')), HasSubstr("nested deeper"));
  EXPECT_THAT(complaint_about_text(std::string(100'000, '{')), HasSubstr("nested deeper"));
  std::string steps;
  for (int depth = 0; depth < 200; ++depth) steps += std::string(static_cast<std::size_t>(depth), ' ') + "a:\n";
  EXPECT_THAT(complaint_about_text(steps), HasSubstr("f:65:65: nested deeper"));
}

TEST(Document, RefusesTabs) {
  EXPECT_EQ(complaint_about_text("nodes:\n\ta: {}\n"), "f:2:1: a tab in the indentation; YAML wants spaces");
}

TEST(Document, RefusesWhatIsNoTextFile) {
  using namespace std::string_literals;
  EXPECT_THAT(complaint_about_text("a: 1\nb: \0\n"s), HasSubstr("f:2:4: not a text file: the control character 0x00"));
  EXPECT_THAT(complaint_about_text("\x7f"
                                   "ELF\x02"),
              HasSubstr("f:1:1: not a text file"));
  EXPECT_THAT(complaint_about_text("a: \xff"), HasSubstr("f:1:4: not a text file: the byte 0xff here is not UTF-8"));
  EXPECT_THAT(complaint_about_text("a: \xC0\xAF"), HasSubstr("is not UTF-8"));      // overlong
  EXPECT_THAT(complaint_about_text("a: \xED\xA0\x80"), HasSubstr("is not UTF-8"));  // surrogate
  EXPECT_THAT(complaint_about_text("a: \xE2\x82"), HasSubstr("is not UTF-8"));      // cut off
  EXPECT_THAT(complaint_about_text("\xFF\xFE"
                                   "a\0"s),
              HasSubstr("is not UTF-8"));  // UTF-16
}

TEST(Document, RefusesWhatIsEmpty) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "null\n", "--- \n...\n"}) {
    EXPECT_THAT(complaint_about_text(text), HasSubstr("f:1:1: the file is empty")) << text;
    EXPECT_FALSE(parse_document(text).root) << text;
  }
}

TEST(Document, RefusesWhatIsNotYaml) {
  for (const char* text : {"a: [1, 2\n", "a: b: c\n", "{a: 1", "\"open", "a: 1\n b: 2\n", "%YAML 9.9\n---\n", "]"}) {
    EXPECT_THAT(complaint_about_text(text), HasSubstr("not YAML")) << text;
    EXPECT_FALSE(parse_document(text).root) << text;
  }
}

TEST(Document, RefusesALargeFileWithoutReadingIt) {
  EXPECT_EQ(complaint_about_text(std::string(10'000'000, 'x')), "f:1:1: larger than 1 MiB, which no scenario is");
}

TEST(Document, TellsSeveralMistakesInTheOrderOfTheText) {
  const Document document = parse_document("b: 1\na: 1\na: *x\nb: 1\n");

  std::vector<int> lines;
  for (const Complaint& complaint : document.complaints) lines.push_back(complaint.position.line);
  EXPECT_THAT(lines, ElementsAre(3));  // an unknown alias ends the reading: nothing after it is certain
}

}  // namespace
}  // namespace dummynet::scenario

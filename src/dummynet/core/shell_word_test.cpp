#include "dummynet/core/shell_word.hpp"

#include <gtest/gtest.h>

namespace dummynet {
namespace {

using namespace std::string_literals;

class SimpleLine : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(SimpleLine, NamesItsProgram) { EXPECT_EQ(leading_program(GetParam().first), GetParam().second); }

INSTANTIATE_TEST_SUITE_P(Lines, SimpleLine,
                         testing::Values(std::pair{"ls"s, "ls"s}, std::pair{"  /bin/ls\t-l *.txt"s, "/bin/ls"s},
                                         std::pair{"'my prog' x"s, "my prog"s}, std::pair{"my\\ prog"s, "my prog"s},
                                         std::pair{R"(l"s" "a \" b")"s, "ls"s},
                                         std::pair{"prog # a comment; x"s, "prog"s},
                                         std::pair{"prog a=b {} ! ~ 'a;b' \"c|d\" e\\;f"s, "prog"s},
                                         std::pair{"prog\n"s, "prog"s}, std::pair{"'a$b' 'c`d'"s, "a$b"s},
                                         std::pair{"./echo"s, "./echo"s}, std::pair{"prog it\\'s"s, "prog"s}));

class OtherLine : public testing::TestWithParam<std::string> {};

TEST_P(OtherLine, NeedsTheShell) { EXPECT_EQ(leading_program(GetParam()), std::nullopt); }

INSTANTIATE_TEST_SUITE_P(Lines, OtherLine,
                         testing::Values(""s, "  "s, "a; b"s, "a | b"s, "a && b"s, "a &"s, "a > f"s, "a < f"s, "(a)"s,
                                         "{ a; }"s, "a\nb"s, "a # c\nb"s, "a $HOME"s, "a \"$HOME\""s, "a `b`"s,
                                         "a \"`b`\""s, "A=b a"s, "~/a"s, "*"s, "a?"s, "[a"s, "# a"s, "! a"s, "if a"s,
                                         "exec a"s, "cd /"s, "'echo' x"s, "a 'b"s, "a \"b"s, "a \\"s, "''"s, "a \\\nb"s,
                                         "a\0b"s, "a 'b\0c'"s, "%1"s));

TEST(ShellWord, IsQuotedOnDemand) {
  EXPECT_EQ(quote_shell_word("plain"), "plain");
  EXPECT_EQ(quote_shell_word("plain", true), "'plain'");
  EXPECT_EQ(quote_shell_word("a b"), "'a b'");
}

}  // namespace
}  // namespace dummynet

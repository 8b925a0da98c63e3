#include "dummynet/core/command.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dummynet/os/fd.hpp"

namespace dummynet {
namespace {

using Arguments = std::vector<std::string>;

/// What a real shell prints for this line.
std::string shell_output(const std::string& line) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const os::Fd read_end{ends[0]};
  os::Fd write_end{ends[1]};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
  Arguments words = Command(line).arguments();
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_t child = 0;
  EXPECT_EQ(::posix_spawn(&child, pointers[0], &actions, nullptr, pointers.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  write_end.reset();
  std::string output;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(read_end.get(), buffer, sizeof buffer)) > 0;) {
    output.append(buffer, static_cast<std::size_t>(got));
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << line;
  return output;
}

TEST(Command, RunsALineByTheShellAndAVectorByItself) {
  EXPECT_EQ(Command{"a | b"}.is_shell_line(), false) << "braces make a vector";
  EXPECT_EQ(Command(std::string{"a | b"}).arguments(), (Arguments{"/bin/sh", "-c", "a | b"}));
  EXPECT_EQ(Command({"a", "| b"}).arguments(), (Arguments{"a", "| b"}));
}

TEST(Command, KeepsTheShellFromReadingALineAsOptions) {
  EXPECT_EQ(Command(std::string{"-x"}).arguments(), (Arguments{"/bin/sh", "-c", "--", "-x"}));
  EXPECT_EQ(shell_output("-x 2>/dev/null || echo ran"), "ran\n");
}

TEST(Command, ShowsALineAsItIs) { EXPECT_EQ(Command(std::string{"a | b 'c"}).text(), "a | b 'c"); }

TEST(Command, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(Command({"ping", "-c", "1", "10.0.0.1"}).text(), "ping -c 1 10.0.0.1");
  EXPECT_EQ(Command({"echo", "", "a b", "it's", "$HOME"}).text(), R"(echo '' 'a b' 'it'\''s' '$HOME')");
}

TEST(Command, QuotesAFirstWordThatTheShellWouldTakeForItsOwn) {
  EXPECT_EQ(Command({"A=b", "c=d"}).text(), "'A=b' c=d");
  EXPECT_EQ(Command({"if", "if"}).text(), "'if' if");
}

TEST(Command, TextComesOutOfARealShellUnchanged) {
  std::string every_byte;
  for (int byte = 1; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  const Arguments words{"printf", "<%s>", every_byte, "", "it's", "\\", "a\nb", "~", "#x", "*", "-n", "A=b"};
  std::string expected;
  for (std::size_t i = 2; i < words.size(); ++i) expected += '<' + words[i] + '>';

  EXPECT_EQ(shell_output(Command{words}.text()), expected);
}

}  // namespace
}  // namespace dummynet

// `user` of a process, with a program that refuses to be root: PostgreSQL's initdb.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "e2e/scenario_test.hpp"

namespace dummynet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Debian has it beside its version: /usr/lib/postgresql/15/bin/initdb.
std::string initdb() {
  std::error_code none;
  for (const auto& version : std::filesystem::directory_iterator{"/usr/lib/postgresql", none}) {
    const std::string program = version.path().string() + "/bin/initdb";
    if (::access(program.c_str(), X_OK) == 0) return program;
  }
  return {};
}

class UserScenarioTest : public ScenarioTest {
 protected:
  /// Runs `command` as `user`, in the test's folder.
  int run(CommandRun& command) {
    const int code = command.wait();
    all_ = command.all();
    return code;
  }
  std::string scenario(const std::string& command, const std::string& user) const {
    return file("nodes: {n: }\nprocesses:\n  p:\n    node: n\n    cwd: " + path("") + "\n    command: " + command +
                (user.empty() ? "" : "\n    user: " + user) + "\n");
  }
  std::string all_;
};

TEST_F(UserScenarioTest, InitdbRefusesRootAndServesOthers) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, who can be others too";
  if (initdb().empty()) GTEST_SKIP() << "initdb is not installed (Debian: postgresql-15)";
  const std::string command = "[" + initdb() + ", --no-sync, --no-locale, --no-instructions, -D, ";
  for (const bool as_nobody : {false, true}) {
    const std::string data = path(as_nobody ? "of-nobody" : "of-root");
    CommandRun refused{{"run", scenario(command + data + "]", "")}, {.as_nobody = as_nobody}};
    EXPECT_EQ(run(refused), 1) << all_;
    EXPECT_THAT(all_, HasSubstr("cannot be run as root"));

    CommandRun served{{"run", scenario(command + data + "]", as_nobody ? "self" : "nobody")}, {.as_nobody = as_nobody}};
    EXPECT_EQ(run(served), 0) << all_;
    struct stat status {};
    ASSERT_EQ(::stat((data + "/PG_VERSION").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 65534U);
  }
}

TEST_F(UserScenarioTest, WhoCannotBeIsToldBeforeAnythingStarts) {
  const std::string two = R"(
nodes: {n: }
processes:
  first: {node: n, command: [touch, )" +
                          path("trace") + R"(]}
  second: {node: n, command: 'true', user: )";
  CommandRun other{{"run", file(two + "daemon}\n")}, {.as_nobody = true}};
  EXPECT_EQ(run(other), 3) << all_;
  EXPECT_THAT(all_, AllOf(HasSubstr("second cannot be run as this user: 'daemon' needs a sandbox that real root made"),
                          HasSubstr("first was never started")));
  CommandRun unknown{{"run", file(two + "no-such-account}\n")}};
  EXPECT_EQ(run(unknown), 3) << all_;
  EXPECT_THAT(all_, HasSubstr("there is no account 'no-such-account'"));
  EXPECT_FALSE(std::filesystem::exists(path("trace")));

  CommandRun empty{{"check", file(two + "''}\n")}};
  EXPECT_EQ(run(empty), 2) << all_;
  EXPECT_THAT(all_, HasSubstr("`user` is empty"));
}

TEST_F(UserScenarioTest, ANumberIsAUserToo) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  CommandRun command{{"run", scenario("id -u; ping -c 1 localhost", "65534")}};
  EXPECT_EQ(run(command), 0) << all_;
  EXPECT_THAT(all_, AllOf(HasSubstr("p | 65534"), HasSubstr("1 received"), Not(HasSubstr("p | 0\n"))));
}

}  // namespace
}  // namespace dummynet::test

#include "dummynet/scenario/run_directory.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "support/temporary_folder.hpp"

namespace dummynet::scenario {
namespace {

namespace fs = std::filesystem;

class RunDirectoryTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_ / name; }
  static mode_t mode_of(const std::string& file) {
    struct stat status {};
    EXPECT_EQ(::stat(file.c_str(), &status), 0) << file;
    return status.st_mode & 07777;
  }

 private:
  test::TemporaryFolder folder_{test::TemporaryFolder::Writers::owner};
};

TEST(RunName, IsFitForPathsAndShells) {
  EXPECT_THAT(new_run_name("two-hosts"), testing::MatchesRegex("two-hosts-[0-9]{8}T[0-9]{6}Z-[0-9]+"));
  EXPECT_THAT(new_run_name("../x y;\n"), testing::StartsWith("run..-x-y---"));
  EXPECT_THAT(new_run_name(""), testing::StartsWith("run-"));
  EXPECT_LT(new_run_name(std::string(300, 'x')).size(), 120U);
}

TEST_F(RunDirectoryTest, IsPrivateAndGoesWithTheRun) {
  const std::string place = path("dummynet/") + std::string(200, 'x');  // longer than the address of a socket
  {
    RunFacts facts = facts_of_this_process();
    facts.run = "a-run";
    facts.nodes = {"left", "right"};
    const RunDirectory directory{place, facts};
    EXPECT_EQ(mode_of(path("dummynet")), 0700U);
    EXPECT_EQ(mode_of(place), 0700U);
    std::ifstream file{place + '/' + kFactsFile};
    EXPECT_EQ(parse_facts(std::string{std::istreambuf_iterator<char>{file}, {}}), facts);
    const os::Fd opened{::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    EXPECT_TRUE(connect_to_run(opened));
    EXPECT_THROW((RunDirectory{place, facts}), std::system_error);
    EXPECT_FALSE(fs::exists(path("dummynet/another")));
  }
  EXPECT_FALSE(fs::exists(path("dummynet")));
}

TEST_F(RunDirectoryTest, IsNotMadeWhereOthersLaidItOut) {
  fs::create_directory(path("elsewhere"));
  fs::create_symlink(path("elsewhere"), path("link"));
  EXPECT_THROW((RunDirectory{path("link/run"), {}}), std::system_error);
  EXPECT_TRUE(fs::is_empty(path("elsewhere")));

  fs::create_directory(path("open"));
  ::chmod(path("open").c_str(), 0777);
  EXPECT_THROW((RunDirectory{path("open/run"), {}}), std::system_error);
  if (::geteuid() == 0) {
    fs::create_directory(path("others"));
    ::chmod(path("others").c_str(), 0700);
    ASSERT_EQ(::chown(path("others").c_str(), 65534, 65534), 0);
    EXPECT_THROW((RunDirectory{path("others/run"), {}}), std::system_error);
  }
}

TEST(RunFacts, KnowWhetherTheOwnerLives) {
  const RunFacts own = facts_of_this_process();
  EXPECT_EQ(owner_state(own), OwnerState::alive);

  RunFacts later = own;
  ++later.start_ticks;  // the number has come again
  EXPECT_EQ(owner_state(later), OwnerState::dead);
  RunFacts ended = own;
  ended.pid = ::fork();
  if (ended.pid == 0) ::_exit(0);
  ::waitpid(ended.pid, nullptr, 0);
  EXPECT_EQ(owner_state(ended), OwnerState::dead);
  RunFacts rebooted = own;
  rebooted.boot = "another";
  EXPECT_EQ(owner_state(rebooted), OwnerState::dead);
  RunFacts elsewhere = own;
  ++elsewhere.pid_namespace;
  EXPECT_EQ(owner_state(elsewhere), OwnerState::unknown);
}

TEST(RunFacts, AreNotTakenFromAnyFile) {
  EXPECT_FALSE(parse_facts(""));
  EXPECT_FALSE(parse_facts("{}"));
  EXPECT_FALSE(parse_facts("[1]"));
  RunFacts odd;
  odd.file = "/tmp/\xff";
  ASSERT_TRUE(parse_facts(to_json(odd)));
  EXPECT_EQ(parse_facts(to_json(odd))->file, "/tmp/\xef\xbf\xbd");
}

}  // namespace
}  // namespace dummynet::scenario

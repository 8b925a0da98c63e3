// The command itself: options, help, the small subcommands.
#include <fstream>
#include <regex>
#include <sstream>

#include "e2e/scenario_test.hpp"

namespace dummynet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

using UsageTest = ScenarioTest;

TEST_F(UsageTest, MistakesEndWithTwo) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"run"},
                                             {"run", "-", "--format", "xml"},
                                             {"run", "-", "--nothing"},
                                             {"run", "a", "b"},
                                             {"check"},
                                             {"completion", "tcsh"},
                                             {"version", "x"},
                                             {}}) {
    CommandRun run{arguments};
    EXPECT_EQ(run.wait(), 2) << run.all();
  }
}

TEST_F(UsageTest, SuggestsTheCommandThatWasMeant) {
  CommandRun run{{"rnu", "x"}};
  EXPECT_EQ(run.wait(), 2);
  EXPECT_THAT(run.err(), HasSubstr("unknown command `rnu`; did you mean `run`?"));
}

TEST_F(UsageTest, ChecksOptionsBeforeAnythingStarts) {
  const std::string scenario =
      file("nodes: {n: }\nprocesses: {client: {node: n, command: [touch, " + path("trace") + "]}}\n");
  CommandRun timeout{{"run", scenario, "--timeout", "5"}};
  EXPECT_EQ(timeout.wait(), 2);
  EXPECT_THAT(timeout.err(), HasSubstr("--timeout: `5` has no unit; did you mean `5s`?"));
  CommandRun process{{"run", scenario, "--exit-code-from", "cleint"}};
  EXPECT_EQ(process.wait(), 2);
  EXPECT_THAT(process.err(), HasSubstr("--exit-code-from: unknown process `cleint`; did you mean `client`?"));
  EXPECT_FALSE(std::filesystem::exists(path("trace")));
}

TEST_F(UsageTest, TheExampleInTheHelpIsAGoodScenario) {
  CommandRun help{{"--help"}};
  EXPECT_EQ(help.wait(), 0);
  const std::size_t start = help.out().find("  nodes:");
  const std::size_t end = help.out().find("\nSave it as");
  ASSERT_NE(start, std::string::npos) << help.out();
  ASSERT_NE(end, std::string::npos);

  CommandRun check{{"check", "-"}, {.input = help.out().substr(start, end - start)}};
  EXPECT_EQ(check.wait(), 0) << check.all();
}

TEST_F(UsageTest, TellsItsVersion) {
  std::ifstream cmake{DUMMYNET_SOURCE_DIR "/CMakeLists.txt"};
  std::stringstream text;
  text << cmake.rdbuf();
  std::smatch match;
  const std::string content = text.str();
  ASSERT_TRUE(std::regex_search(content, match, std::regex{"project\\(dummynet VERSION ([0-9.]+)"}));

  CommandRun run{{"version"}};
  EXPECT_EQ(run.wait(), 0);
  EXPECT_EQ(run.out(), "dummynet " + match[1].str() + "\n");
}

TEST_F(UsageTest, CompletesWhatThereIs) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    CommandRun run{{"completion", shell}};
    EXPECT_EQ(run.wait(), 0);
    EXPECT_THAT(run.out(),
                AllOf(HasSubstr("doctor"), HasSubstr("exit-code-from"), HasSubstr("no-color"), HasSubstr("quiet")))
        << shell;
  }
}

TEST_F(UsageTest, BashUnderstandsItsCompletion) {
  CommandRun script{{"completion", "bash"}};
  ASSERT_EQ(script.wait(), 0);
  // Asked inside a scenario, as the program that is at hand for running another one.
  const std::string asks =
      script.out() + "COMP_WORDS=(dummynet ru); COMP_CWORD=1; _dummynet; echo \"first ${COMPREPLY[*]}\"\n" +
      "COMP_WORDS=(dummynet run --fo); COMP_CWORD=2; _dummynet; echo \"second ${COMPREPLY[*]}\"\n" +
      "COMP_WORDS=(dummynet run --format j); COMP_CWORD=3; _dummynet; echo \"third ${COMPREPLY[*]}\"\n";
  std::ofstream{path("ask.bash")} << asks;
  CommandRun run{
      {"run", file("nodes: {n: }\nprocesses: {bash: {node: n, command: [bash, --norc, " + path("ask.bash") + "]}}\n")}};

  EXPECT_EQ(run.wait(), 0) << run.all();
  EXPECT_THAT(run.out(), AllOf(HasSubstr("bash | first run\n"), HasSubstr("bash | second --format\n"),
                               HasSubstr("bash | third json\n")));
}

TEST_F(UsageTest, DoctorFindsThisMachineFit) {
  for (const bool as_nobody : {false, true}) {
    CommandRun run{{"doctor"}, {.as_nobody = as_nobody}};
    EXPECT_EQ(run.wait(), 0) << run.all();
    EXPECT_THAT(run.out(), AllOf(HasSubstr("ok   sandbox"), HasSubstr("ok   network"), HasSubstr("ok   process"),
                                 HasSubstr("Scenarios can be run here.")));
  }
}

/// In a node of an ordinary user, who is root there, the kernel's limits can be lowered without touching the machine's.
std::string inside(const std::string& command, const std::string& rest) {
  return "nodes: {n: }\nprocesses:\n  p:\n    node: n\n    command: '" + command + "'\n    " + rest + "\n";
}

TEST_F(UsageTest, DoctorNamesCauseAndMend) {
  const std::string doctor = DUMMYNET_BIN_DIR "/dummynet doctor";
  CommandRun networks{
      {"run", "-"},
      {.input = inside("echo 0 > /proc/sys/user/max_net_namespaces; " + doctor, "expect: {exit_code: 3}"),
       .as_nobody = true}};
  EXPECT_EQ(networks.wait(), 0) << networks.all();
  EXPECT_THAT(networks.out(), AllOf(HasSubstr("no   sandbox"),
                                    HasSubstr("cause: no network namespaces may be made: user.max_net_namespaces is 0"),
                                    HasSubstr("mend:  as root: sysctl -w user.max_net_namespaces="),
                                    HasSubstr("Scenarios cannot be run here.")));

  CommandRun users{
      {"run", "-"},
      {.input =
           inside("echo 0 > /proc/sys/user/max_user_namespaces; setpriv --bounding-set -all --inh-caps -all " + doctor,
                  "expect: {exit_code: 3}"),
       .as_nobody = true}};
  EXPECT_EQ(users.wait(), 0) << users.all();
  EXPECT_THAT(users.out(), HasSubstr("cause: no user namespaces may be made: user.max_user_namespaces is 0"));
}

TEST_F(UsageTest, ARunThatTheMachineRefusesIsAnError) {
  const std::string scenario =
      file("nodes: {n: }\nprocesses: {inner: {node: n, command: [touch, " + path("trace") + "]}}\n", "inner.yaml");
  CommandRun run{
      {"run", "-"},
      {.input = inside("echo 0 > /proc/sys/user/max_net_namespaces; " DUMMYNET_BIN_DIR "/dummynet run " + scenario,
                       "expect: {exit_code: 3}"),
       .as_nobody = true}};

  EXPECT_EQ(run.wait(), 0) << run.all();
  EXPECT_THAT(run.out(), AllOf(HasSubstr("p | error: the network cannot be made here: "),
                               HasSubstr("`dummynet doctor` looks for the reason"),
                               HasSubstr("p |   so inner was never started")));
  EXPECT_FALSE(std::filesystem::exists(path("trace")));
}

}  // namespace
}  // namespace dummynet::test

// What is no good scenario: exit code 2, each mistake as file:line:column, and nothing is started.
#include "e2e/scenario_test.hpp"

namespace dummynet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct BadFile {
  std::string name;
  std::string text;      // TOUCH stands for a command that would leave a trace
  std::string expected;  // after "FILE:"
};

class BadFileTest : public ScenarioTest, public testing::WithParamInterface<BadFile> {};

TEST_P(BadFileTest, IsRefusedWithItsPlaceAndNothingStarts) {
  std::string text = GetParam().text;
  if (const std::size_t at = text.find("TOUCH"); at != std::string::npos) {
    text.replace(at, 5, "[touch, " + path("trace") + "]");
  }
  const std::string scenario = file(text);

  CommandRun run{{"run", scenario}};
  EXPECT_EQ(run.wait(), 2);
  EXPECT_THAT(run.err(), HasSubstr(scenario + ":" + GetParam().expected));
  EXPECT_EQ(run.out(), "");
  EXPECT_FALSE(std::filesystem::exists(path("trace")));

  CommandRun check{{"check", scenario}};
  EXPECT_EQ(check.wait(), 2);
  EXPECT_EQ(check.err(), run.err());
}

std::string node(const std::string& keys) {
  return "nodes: {n: }\nprocesses:\n  p: {node: n, " + keys + "command: TOUCH";
}
const std::string kNode = node("");

std::string large() { return kNode + "}\n" + std::string(10'000'000, '#'); }
std::string deep() { return kNode + "}\nlinks: " + std::string(5'000, '[') + std::string(5'000, ']') + "\n"; }

INSTANTIATE_TEST_SUITE_P(
    , BadFileTest,
    testing::Values(BadFile{"UnknownKey", node("daemno: true, ") + "}\n",
                            "3:16: unknown key `daemno` of a process; did you mean `daemon`?"},
                    BadFile{"NearKey", node("depend_on: [q], ") + "}\n",
                            "3:16: unknown key `depend_on` of a process; did you mean `depends_on`?"},
                    BadFile{"NotYetSupported", kNode + "}\ncaptures: []\n", "4:1: `captures` is not supported yet"},
                    BadFile{"DuplicateName", kNode + "}\n  p: {node: n, command: x}\n", "4:3: duplicate key `p`"},
                    BadFile{"UnknownNode", "nodes: {n: }\nprocesses:\n  p: {node: nn, command: TOUCH}\n",
                            "3:13: unknown node `nn`; did you mean `n`?"},
                    BadFile{"Cycle", node("depends_on: [q], ") + "}\n  q: {node: n, command: x, depends_on: [p]}\n",
                            "3:29: these processes wait for each other: `p` → `q` → `p`"},
                    BadFile{"DependencyWithoutReadiness",
                            kNode + "}\n  q: {node: n, command: x, depends_on: {p: ready}}\n",
                            "4:41: `p` has no `ready` condition"},
                    BadFile{"BadDuration", "timeout: 5 parsecs\n" + kNode + "}\n",
                            "1:10: `timeout`: `5 parsecs` is not a duration"},
                    BadFile{"DaemonsOnly", kNode + ", daemon: true}\n", "3:3: all processes are daemons"},
                    BadFile{"Empty", "", "1:1: the file is empty"}, BadFile{"NotYaml", "nodes: [\n", "2:1: not YAML"},
                    BadFile{"NotAScenario", "just words\n", "1:1: a scenario must be a map"},
                    BadFile{"TenMegabytes", large(), "1:1: larger than 1 MiB"},
                    BadFile{"DeepNesting", deep(), "4:71: nested deeper than 64 levels"},
                    BadFile{"Binary",
                            std::string{"\x7f"
                                        "ELF\0\1\2",
                                        7},
                            "1:1: not a text file"},
                    BadFile{"NotUtf8", kNode + "}\nname: \xff\n", "4:7: not a text file: the byte 0xff"},
                    BadFile{"Tabs", "nodes:\n\tn:\n", "2:1: a tab in the indentation"},
                    BadFile{"TwoDocuments", kNode + "}\n---\n", "4:1: a second document"},
                    BadFile{"Aliases", kNode + "}\nname: *n\n", "4:7: "}),
    [](const testing::TestParamInfo<BadFile>& test) { return test.param.name; });

using FileTest = ScenarioTest;

TEST_F(FileTest, TellsAllMistakesAtOnceInTheirOrder) {
  CommandRun run{{"run", file("timeout: 5\nnodes: {n: }\nprocesses:\n  p: {node: m, comand: x}\n")}};

  EXPECT_EQ(run.wait(), 2);
  const std::size_t timeout = run.err().find(":1:10: `timeout`: `5` has no unit; did you mean `5s`?");
  const std::size_t node = run.err().find(":4:13: unknown node `m`");
  const std::size_t command = run.err().find(":4:16: unknown key `comand` of a process; did you mean `command`?");
  EXPECT_LT(timeout, node) << run.err();
  EXPECT_LT(node, command) << run.err();
  EXPECT_NE(command, std::string::npos) << run.err();
}

TEST_F(FileTest, ThatIsNotThereIsSaidSo) {
  CommandRun run{{"run", path("nothing.yaml")}};
  EXPECT_EQ(run.wait(), 2);
  EXPECT_EQ(run.err(), "dummynet: open " + path("nothing.yaml") + ": No such file or directory\n");

  CommandRun check{{"check", path("nothing.yaml")}};
  EXPECT_EQ(check.wait(), 2);
  EXPECT_EQ(check.err(), run.err());
}

TEST_F(FileTest, ThatIsADirectoryIsSaidSo) {
  CommandRun run{{"run", path("")}};
  EXPECT_EQ(run.wait(), 2);
  EXPECT_THAT(run.err(), HasSubstr("Is a directory"));
}

TEST_F(FileTest, ThatNeverEndsIsGivenUp) {
  CommandRun run{{"run", "/dev/zero"}};
  EXPECT_EQ(run.wait(), 2);
  EXPECT_THAT(run.err(), HasSubstr("/dev/zero:1:1: larger than 1 MiB"));
}

TEST_F(FileTest, MayComeFromStandardInput) {
  CommandRun good{{"run", "-"}, {.input = "nodes: {n: }\nprocesses: {p: {node: n, command: echo hello}}\n"}};
  EXPECT_EQ(good.wait(), 0) << good.all();
  EXPECT_THAT(good.out(), AllOf(StartsWith("stdin: 1 node"), HasSubstr("p | hello\n")));

  CommandRun bad{{"run", "-"}, {.input = "nodes: {n: }\n"}};
  EXPECT_EQ(bad.wait(), 2);
  EXPECT_THAT(bad.err(), HasSubstr("<stdin>:1:1: a scenario needs `processes`"));
}

TEST_F(FileTest, IsCheckedWithoutRunningAnything) {
  const std::string good =
      file("nodes: {n: }\nprocesses: {p: {node: n, command: [touch, " + path("trace") + "]}}\n", "good.yaml");
  const std::string bad = file("nodes: 5\n", "bad.yaml");

  CommandRun one{{"check", good}};
  EXPECT_EQ(one.wait(), 0);
  EXPECT_EQ(one.out(), good + ": ok, 1 node, 0 links, 1 process\n");
  CommandRun both{{"check", bad, good}};
  EXPECT_EQ(both.wait(), 2);
  EXPECT_THAT(both.err(), HasSubstr(bad + ":1:8: "));
  EXPECT_THAT(both.out(), HasSubstr(good + ": ok"));
  EXPECT_FALSE(std::filesystem::exists(path("trace")));
}

TEST_F(FileTest, MistakesComeAsJsonToo) {
  CommandRun run{{"run", file("nodes: {n: }\nprocesses: {p: {node: m, command: x}}\n"), "--format", "json"}};
  EXPECT_EQ(run.wait(), 2);
  EXPECT_THAT(run.out(), AllOf(HasSubstr("\"verdict\":\"error\""),
                               HasSubstr("\"line\":2,\"column\":23,\"message\":\"unknown node `m`")));
}

}  // namespace
}  // namespace dummynet::test

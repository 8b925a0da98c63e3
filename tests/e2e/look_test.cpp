// What looks at a scenario without running it: `check` with its warnings, and `graph`.
#include "e2e/scenario_test.hpp"

namespace dummynet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class LookTest : public ScenarioTest {
 protected:
  /// Whose process would leave a trace.
  std::string two_hosts() const {
    return "nodes:\n  client:\n  server:\nlinks:\n  - endpoints: [client, server]\n"
           "processes:\n  p: {node: client, command: [touch, " +
           path("trace") + "]}\n";
  }
  std::string with_a_lonely_one() const {
    std::string text = two_hosts();
    return text.insert(text.find("links:"), "  lonely:\n");
  }
  static const std::string& warning() {
    static const std::string text =
        ":4:3: warning: no links lead from `lonely` to the other nodes: they cannot reach each other\n";
    return text;
  }
};

TEST_F(LookTest, CheckSaysWhatIsThere) {
  const std::string scenario = file(two_hosts());
  CommandRun check{{"check", scenario}};

  EXPECT_EQ(check.wait(), 0);
  EXPECT_EQ(check.out(), scenario + ": ok, 2 nodes, 1 link, 1 process\n");
  EXPECT_EQ(check.err(), "");
  EXPECT_FALSE(std::filesystem::exists(path("trace")));
}

TEST_F(LookTest, CheckWarnsOfWhatIsDoubtfulAndLetsItPass) {
  const std::string scenario = file(with_a_lonely_one());
  CommandRun check{{"check", scenario}};

  EXPECT_EQ(check.wait(), 0);
  EXPECT_EQ(check.err(), scenario + warning());
  EXPECT_EQ(check.out(), scenario + ": ok, 3 nodes, 1 link, 1 process\n");
}

TEST_F(LookTest, CheckLooksAtAllFilesAndFailsForOne) {
  const std::string good = file(two_hosts());
  const std::string bad = file("nodes: {n: }\nprocesses: {p: {node: m, command: x}}\n", "bad.yaml");
  CommandRun check{{"check", bad, good}};

  EXPECT_EQ(check.wait(), 2);
  EXPECT_THAT(check.err(), StartsWith(bad + ":2:"));
  EXPECT_THAT(check.out(), HasSubstr(good + ": ok"));
}

TEST_F(LookTest, GraphDrawsInEachFormat) {
  const std::string scenario = file(two_hosts());
  const auto drawn = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"graph", scenario};
    arguments.insert(arguments.end(), more.begin(), more.end());
    CommandRun graph{arguments};
    EXPECT_EQ(graph.wait(), 0) << graph.err();
    EXPECT_EQ(graph.err(), "");
    return graph.out();
  };
  const auto has_both = AllOf(HasSubstr("client"), HasSubstr("server"), HasSubstr("10.0.0.1/30"));

  EXPECT_THAT(drawn({}), AllOf(StartsWith("graph "), HasSubstr(" -- "), has_both));
  EXPECT_EQ(drawn({"--format", "dot"}), drawn({}));
  EXPECT_THAT(drawn({"--format", "mermaid"}), AllOf(HasSubstr("graph LR"), HasSubstr("---"), has_both));
  EXPECT_THAT(drawn({"--format", "svg"}), AllOf(StartsWith("<svg "), HasSubstr("</svg>"), has_both));
  EXPECT_FALSE(std::filesystem::exists(path("trace")));
}

TEST_F(LookTest, GraphReadsStandardInputAndWarns) {
  CommandRun graph{{"graph", "-"}, {.input = with_a_lonely_one()}};

  EXPECT_EQ(graph.wait(), 0);
  EXPECT_EQ(graph.err(), "<stdin>" + warning());
  EXPECT_THAT(graph.out(), HasSubstr("lonely"));
}

TEST_F(LookTest, GraphDrawsNothingOfWhatIsWrong) {
  const std::string bad = file("nodes: {n: }\nlinks: [{endpoints: [n, m]}]\nprocesses: {p: {node: n, command: x}}\n");
  CommandRun graph{{"graph", bad}};
  CommandRun unknown{{"graph", bad, "--format", "png"}};
  CommandRun missing{{"graph", path("missing.yaml")}};

  EXPECT_EQ(graph.wait(), 2);
  EXPECT_EQ(graph.out(), "");
  EXPECT_THAT(graph.err(), AllOf(StartsWith(bad + ":2:"), HasSubstr("unknown node `m`")));
  EXPECT_EQ(unknown.wait(), 2);
  EXPECT_THAT(unknown.err(), HasSubstr("png"));
  EXPECT_EQ(missing.wait(), 2);
  EXPECT_THAT(missing.err(), HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace dummynet::test

// Every scenario in examples/ runs as it stands, as root (where we are) and as an ordinary user.
#include <sstream>

#include "e2e/scenario_test.hpp"

namespace dummynet::test {
namespace {

std::vector<std::string> examples() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator{DUMMYNET_SOURCE_DIR "/examples"}) {
    if (entry.path().extension() == ".yaml") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

class ExampleTest : public ScenarioTest, public testing::WithParamInterface<std::tuple<std::string, bool>> {};

TEST_P(ExampleTest, Passes) {
  const auto& [example, as_nobody] = GetParam();
  // How busy the machine is at the moment must not decide: of links that it emulates it may say that they were late.
  CommandRun run{{"run", "--fidelity", "report", example}, {.as_nobody = as_nobody}};

  const int code = run.wait();
  // vlan, vxlan and macvlan are modules, which small kernels do not have.
  if (code == 3 && run.all().find("Unknown device type") != std::string::npos) {
    GTEST_SKIP() << std::filesystem::path{example}.filename().string() << ": this kernel lacks such links";
  }
  EXPECT_EQ(code, 0) << run.all();
  EXPECT_THAT(run.out(), testing::HasSubstr("\npassed: "));
  std::istringstream lines{run.out()};
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(!line.starts_with("note: ") || line.find("did not meet the fate") != std::string::npos) << line;
  }
}

INSTANTIATE_TEST_SUITE_P(, ExampleTest, testing::Combine(testing::ValuesIn(examples()), testing::Bool()),
                         [](const testing::TestParamInfo<std::tuple<std::string, bool>>& test) {
                           std::string name = std::filesystem::path{std::get<0>(test.param)}.stem();
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name + (std::get<1>(test.param) ? "_AsNobody" : "_AsOurselves");
                         });

TEST(Examples, AreThere) { EXPECT_GE(examples().size(), 5U); }

}  // namespace
}  // namespace dummynet::test

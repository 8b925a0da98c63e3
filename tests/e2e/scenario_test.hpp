#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/command_run.hpp"
#include "support/leftovers.hpp"
#include "support/temporary_folder.hpp"

namespace dummynet::test {

/// For tests that call the command: each has a folder that everybody may write to, and must leave nothing else behind.
class ScenarioTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(leftovers_.found(), ""); }

  std::string path(const std::string& name) const { return folder_ / name; }
  /// Writes a scenario and returns its path.
  std::string file(const std::string& text, const std::string& name = "test.yaml") const {
    std::ofstream{path(name)} << text;
    return path(name);
  }

 private:
  Leftovers leftovers_;
  TemporaryFolder folder_;
};

}  // namespace dummynet::test

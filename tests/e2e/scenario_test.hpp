#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/command_run.hpp"
#include "support/leftovers.hpp"

namespace dummynet::test {

/// For tests that call the command: each has a folder that everybody may write to, and must leave nothing else behind.
class ScenarioTest : public testing::Test {
 protected:
  ScenarioTest() {
    std::string pattern = testing::TempDir() + "dummynet-e2e-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    ::chmod(folder_.c_str(), 0777);
  }
  ~ScenarioTest() override { std::filesystem::remove_all(folder_); }
  void TearDown() override { EXPECT_EQ(leftovers_.found(), ""); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  /// Writes a scenario and returns its path.
  std::string file(const std::string& text, const std::string& name = "test.yaml") const {
    std::ofstream{path(name)} << text;
    return path(name);
  }

 private:
  Leftovers leftovers_;
  std::string folder_;
};

}  // namespace dummynet::test

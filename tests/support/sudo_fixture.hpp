#pragma once

// For tests of RunOptions::sudo with the real sudo(8), seen from outside: owners are processes of a user made for them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/core/secret.hpp"
#include "support/owner_process.hpp"
#include "support/test_user.hpp"
#include "support/waiting.hpp"

namespace dummynet::test {

using Talk = OwnerProcess::Talk;

inline constexpr const char* kWithPassword = "ALL=(ALL:ALL) ALL";
inline constexpr const char* kWithoutPassword = "ALL=(ALL:ALL) NOPASSWD: ALL";
/// Set in an owner that is this test program, started anew.
inline constexpr const char* kTalkVariable = "DUMMYNET_TEST_TALK";

class SudoFixture : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (std::getenv(kTalkVariable) != nullptr) return;
    why_not = TestUser::why_not();
    if (why_not.empty()) user = std::make_unique<TestUser>();
  }
  static void TearDownTestSuite() { user.reset(); }
  void SetUp() override {
    if (!why_not.empty()) GTEST_SKIP() << why_not;
  }
  void TearDown() override {
    if (!user) return;
    EXPECT_TRUE(eventually([&] { return processes_with(marker).empty(); })) << processes_with(marker);
  }

  enum class Password { none, right, wrong };
  // An owner that is this user, with or without a password in its environment.
  OwnerProcess::Body as_user(Password password, const OwnerProcess::Body& body) const {
    return [this, password, body](const Talk& talk) {
      ::unsetenv(kPasswordVariable);
      if (password == Password::right) ::setenv(kPasswordVariable, user->password().c_str(), 1);
      if (password == Password::wrong) ::setenv(kPasswordVariable, "not this one", 1);
      user->become();
      body(talk);
    };
  }
  OwnerProcess run(Password password, const OwnerProcess::Body& body) const {
    return OwnerProcess{OwnerProcess::Terminal::none, as_user(password, body)};
  }
  // A command that lasts, and that can be found by its arguments.
  std::vector<std::string> lasting() const { return {"sleep", marker}; }

  static inline std::unique_ptr<TestUser> user;
  static inline std::string why_not;
  const std::string marker = "86399." + std::to_string(::getpid());
};

inline void say_who_it_is(const Talk& talk) {
  ProcessMonitor monitor;
  talk.say(monitor.run_process({"id", "-u"}, {.sudo = true}).out.text());
}

}  // namespace dummynet::test

#include "dummynet/core/secret.hpp"

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

namespace dummynet {
namespace {

// The kernel's flags of the mapping that holds this address: VmFlags in smaps, proc(5).
std::string mapping_flags(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps{"/proc/self/smaps"};
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    unsigned long from = 0;
    unsigned long to = 0;
    char permissions[8];
    if (std::sscanf(line.c_str(), "%lx-%lx %7s", &from, &to, permissions) == 3) inside = from <= wanted && wanted < to;
    if (inside && line.starts_with("VmFlags:")) return line + ' ';
  }
  return {};
}

TEST(Secret, KeepsWhatItIsGiven) {
  Secret secret;
  EXPECT_TRUE(secret.empty());
  for (const char byte : std::string{"pass word"}) EXPECT_TRUE(secret.append(byte));
  EXPECT_EQ(secret.bytes(), "pass word");
  secret.clear();
  EXPECT_TRUE(secret.empty());
}

TEST(Secret, TakesNoMoreThanItsPage) {
  Secret secret;
  for (std::size_t i = 0; i < Secret::kMaxBytes; ++i) ASSERT_TRUE(secret.append('x'));
  EXPECT_FALSE(secret.append('y'));
  EXPECT_EQ(secret.bytes(), std::string(Secret::kMaxBytes, 'x'));
}

TEST(Secret, IsLeftOutOfCoreDumps) {
  Secret secret;
  secret.append('x');
  const std::string flags = mapping_flags(secret.bytes().data());
  EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
}

TEST(Secret, IsEmptyInAForkedChild) {
  Secret secret;
  secret.append('x');
  const pid_t child = ::fork();
  if (child == 0) ::_exit(secret.empty() ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(secret.bytes(), "x");
}

TEST(Secret, KnowsItsVariable) {
  EXPECT_TRUE(is_secret_variable("DUMMYNET_SUDO_PASSWD=x"));
  EXPECT_TRUE(is_secret_variable("DUMMYNET_SUDO_PASSWD="));
  EXPECT_FALSE(is_secret_variable("DUMMYNET_SUDO_PASSWD2=x"));
  EXPECT_FALSE(is_secret_variable("DUMMYNET_SUDO"));
  EXPECT_FALSE(is_secret_variable("PATH=x"));
}

TEST(Secret, TakesThePasswordOutOfTheEnvironmentAndKeepsItForOthers) {
  ASSERT_EQ(::setenv(kPasswordVariable, "first", 1), 0);
  const char* const value = std::getenv(kPasswordVariable);

  const auto taken = take_password_from_environment();

  ASSERT_NE(taken, nullptr);
  EXPECT_EQ(taken->bytes(), "first");
  EXPECT_EQ(std::memcmp(value, "\0\0\0\0\0", 5), 0);
  EXPECT_EQ(take_password_from_environment(), taken);
  ASSERT_EQ(::setenv(kPasswordVariable, "second", 1), 0);
  EXPECT_EQ(take_password_from_environment()->bytes(), "second");
  EXPECT_EQ(taken->bytes(), "first");
  ::unsetenv(kPasswordVariable);
}

}  // namespace
}  // namespace dummynet

// The password stays where it belongs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "dummynet/core/warden.hpp"
#include "support/sudo_fixture.hpp"

namespace dummynet {
namespace {

using namespace std::chrono_literals;
using namespace test;  // NOLINT

class SudoSecret : public SudoFixture {};

// Everybody's command line and environment: whose hold the text.
std::string places_with(const std::string& text) {
  std::string found;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    if (entry.path().filename().string().find_first_not_of("0123456789") != std::string::npos) continue;
    for (const char* name : {"cmdline", "environ"}) {
      if (read_whole(entry.path() / name).find(text) != std::string::npos) found += entry.path() / name;
    }
  }
  return found;
}

struct Found {
  int in_core = 0;   // in what a core dump would hold
  int left_out = 0;  // in memory marked MADV_DONTDUMP: "dd" in smaps, proc(5)
};

Found search_memory(const std::string& pid, const std::string& text) {
  Found found;
  std::ifstream maps{"/proc/" + pid + "/smaps"};
  std::ifstream memory{"/proc/" + pid + "/mem", std::ios::binary};
  constexpr std::size_t kPart = 16U << 20U;
  std::string bytes;
  unsigned long begin = 0;
  unsigned long end = 0;
  bool readable = false;
  for (std::string line; std::getline(maps, line);) {
    char permissions[8] = {};
    unsigned long from = 0;
    unsigned long to = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %7s", &from, &to, permissions) == 3) {
      begin = from;
      end = to;
      readable = permissions[0] == 'r' && line.find("[v") == std::string::npos;
    } else if (line.starts_with("VmFlags:") && readable) {
      bool here = false;
      for (; begin < end && !here; begin += kPart) {  // with an overlap: the text may lie across the border
        bytes.assign(std::min<std::size_t>(end - begin, kPart + text.size()), '\0');
        memory.clear();
        memory.seekg(static_cast<std::streamoff>(begin));
        memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        here = bytes.find(text) != std::string::npos;
      }
      if (here) ++(line.find(" dd") != std::string::npos ? found.left_out : found.in_core);
    }
  }
  return found;
}

TEST_F(SudoSecret, ThePasswordIsInNoCommandLineEnvironmentOrCore) {
  if (const char* talk_numbers = std::getenv(kTalkVariable)) {
    // Started anew by the test below: an owner whose memory never held the password but by its environment.
    const Talk talk{os::Fd{std::atoi(talk_numbers)}, os::Fd{std::atoi(std::strchr(talk_numbers, ' '))}};
    ProcessMonitor monitor;
    monitor.run_process_async({"sleep", std::getenv("MARKER")}, {.daemon = true, .sudo = true});
    monitor.run_process_async({"sleep", std::getenv("MARKER")}, {.daemon = true});
    talk.say(std::to_string(::getpid()));
    talk.say(std::to_string(monitor.warden().pid()));
    talk.wait();
    std::_Exit(0);
  }
  user->set_rule(kWithPassword);
  OwnerProcess owner{OwnerProcess::Terminal::none, [this](const Talk& talk) {
                       const int to_test = ::dup(talk.to_test.get());
                       const int from_test = ::dup(talk.from_test.get());
                       const std::string environment[] = {
                           kPasswordVariable + ("=" + user->password()), "PATH=/usr/bin:/bin", "MARKER=" + marker,
                           kTalkVariable + ("=" + std::to_string(to_test) + ' ' + std::to_string(from_test))};
                       std::vector<char*> pointers;
                       for (const std::string& one : environment) pointers.push_back(const_cast<char*>(one.c_str()));
                       pointers.push_back(nullptr);
                       const std::string filter = std::string{"--gtest_filter=SudoSecret."} +
                                                  testing::UnitTest::GetInstance()->current_test_info()->name();
                       const char* arguments[] = {"owner", filter.c_str(), nullptr};
                       const os::Fd program{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
                       user->become();
                       ::fexecve(program.get(), const_cast<char* const*>(arguments), pointers.data());
                       talk.say(std::string{"exec: "} + std::strerror(errno));
                     }};
  std::string pid = owner.line();
  while (!pid.empty() && pid.find_first_not_of("0123456789") != std::string::npos) pid = owner.line();
  const std::string warden = owner.line();
  ASSERT_FALSE(warden.empty());

  EXPECT_EQ(places_with(user->password()), "");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer keeps a copy of the environment, and terabytes of shadow memory";
#endif
  const Found in_owner = search_memory(pid, user->password());
  EXPECT_EQ(in_owner.in_core, 0);
  EXPECT_EQ(in_owner.left_out, 1) << "it should have been on the page that a core leaves out";
  const Found in_warden = search_memory(warden, user->password());
  EXPECT_EQ(in_warden.in_core + in_warden.left_out, 0);
  owner.go();
  EXPECT_EQ(owner.wait(), 0);
}

}  // namespace
}  // namespace dummynet

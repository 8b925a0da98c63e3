#include "support/monitor_test.hpp"

#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "dummynet/os/fd.hpp"
#include "support/ordinary_user.hpp"

namespace dummynet::test {

// Not TearDown(): a fixture's own monitor lives until now.
MonitorTest::~MonitorTest() { EXPECT_EQ(leftovers_.found(), ""); }

std::string MonitorTest::path(const std::string& name) {
  if (!folder_) folder_.emplace();
  return *folder_ / name;
}

std::string MonitorTest::content(const std::string& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

void MonitorTest::write_file(const std::string& file, const std::string& text) {
  std::ofstream stream{file, std::ios::binary};
  stream << text;
}

std::string to_string(Kind kind) {
  switch (kind) {
    case Kind::plain:
      return "plain";
    case Kind::no_cgroup:
      return "no_cgroup";
    case Kind::isolate:
      return "isolate";
    case Kind::sandbox:
      return "sandbox";
  }
  return "unknown";
}

MonitorOptions options_for(Kind kind) {
  MonitorOptions options;
  options.use_cgroups = kind != Kind::no_cgroup;
  options.isolate = kind == Kind::isolate;
  options.sandbox = kind == Kind::sandbox;
  return options;
}

void serve_until(ProcessMonitor& monitor, const std::function<bool()>& holds) {
  const auto deadline = Clock::now() + kPatience;
  while (!holds()) {
    if (Clock::now() > deadline) throw std::runtime_error{"waited in vain"};
    if (monitor.keep_running(20ms)) continue;
    // It returns at once when no client runs. Others may have something for it, or make it hold without a word to us.
    becomes_readable(monitor.fd(), 5ms);
  }
}

void serve_to_the_end(ProcessMonitor& monitor) {
  const auto deadline = Clock::now() + kPatience;
  while (monitor.keep_running()) {
    if (Clock::now() > deadline) throw std::runtime_error{"the last client does not end"};
  }
}

void in_child(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  ASSERT_NE(child, -1);
  if (child == 0) {
    try {
      body();
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
    std::fflush(nullptr);
    ::_exit(testing::Test::HasFailure() ? 1 : testing::Test::IsSkipped() ? 77 : 0);
  }
  Leftovers::also_look_for(child);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "it was killed by signal " << WTERMSIG(status);
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "skipped in the child";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

void as_nobody(const std::function<void()>& body) {
  in_child([&body] {
    become_ordinary();
    body();
  });
}

std::uint16_t free_port(int type) {
  const os::Fd probe{::socket(AF_INET6, type | SOCK_CLOEXEC, 0)};
  sockaddr_in6 where{};
  where.sin6_family = AF_INET6;
  socklen_t size = sizeof where;
  if (::bind(probe.get(), reinterpret_cast<sockaddr*>(&where), size) != 0 ||
      ::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&where), &size) != 0) {
    throw std::runtime_error{"no free port"};
  }
  return ntohs(where.sin6_port);
}

std::string payload(const std::string& name) { return std::string{DUMMYNET_BIN_DIR} + '/' + name; }

}  // namespace dummynet::test

#pragma once

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>

namespace dummynet::test {

/// Runs `body` in a child with a user and a network namespace of its own, which needs no root; expectations in there
/// fail the test. Where the kernel refuses the namespaces, the test is skipped, or fails with DUMMYNET_REQUIRE_NETNS=1.
inline void in_own_namespace(const std::function<void()>& body) {
  constexpr int kRefused = 77;
  const pid_t child = ::fork();
  ASSERT_NE(child, -1);
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) ::_exit(kRefused);
    try {
      body();
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  if (WEXITSTATUS(status) == kRefused) {
    const char* const required = std::getenv("DUMMYNET_REQUIRE_NETNS");
    ASSERT_TRUE(required == nullptr || std::strcmp(required, "1") != 0) << "namespaces are refused here";
    GTEST_SKIP() << "user and network namespaces are refused here";
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

/// Sets the loopback of the current network namespace up.
inline void bring_loopback_up() {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  EXPECT_EQ(::ioctl(socket, SIOCSIFFLAGS, &request), 0);
  ::close(socket);
}

}  // namespace dummynet::test

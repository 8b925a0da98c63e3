#include "support/waiting.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "dummynet/os/check.hpp"

namespace dummynet::test {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

namespace {

bool has_events(int fd, short events, SteadyClock::time_point deadline) {
  pollfd watched{fd, events, 0};
  for (;;) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
    const int ready = ::poll(&watched, 1, static_cast<int>(std::max<long>(rest.count(), 0)));
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) os::throw_errno(errno, "poll");
  }
}

}  // namespace

bool becomes_readable(int fd, std::chrono::milliseconds patience) {
  return has_events(fd, POLLIN, SteadyClock::now() + patience);
}

bool becomes_empty(const os::Cgroup& cgroup) {
  const os::Fd events = cgroup.open_events();
  const auto deadline = SteadyClock::now() + kPatience;
  for (;;) {
    char byte = 0;
    os::check(::pread(events.get(), &byte, 1, 0), "pread", "cgroup.events");  // from here on a change wakes us
    if (!cgroup.is_populated()) return true;
    if (!has_events(events.get(), POLLPRI, deadline)) return false;
  }
}

bool eventually(const std::function<bool()>& holds, std::chrono::seconds patience) {
  const auto deadline = SteadyClock::now() + patience;
  while (!holds()) {
    if (SteadyClock::now() > deadline) return false;
    std::this_thread::sleep_for(2ms);  // until the next look: the one place where tests wait like this
  }
  return true;
}

}  // namespace dummynet::test

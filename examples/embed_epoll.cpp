// dummynet inside a program that has a loop of its own, here bare epoll(7): monitor.fd() is one more descriptor in it.
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <exception>
#include <iostream>

#include "dummynet/core/monitor.hpp"

namespace {

using namespace std::chrono_literals;

int fail(const char* what) {
  std::cerr << what << " failed\n";
  return 1;
}

int run() {
  dummynet::ProcessMonitor monitor;
  monitor.wait_ready(monitor.run_process_async(
      "echo serving; exec sleep 1000", {.name = "server", .daemon = true, .ready = dummynet::Ready::log("serving")}));
  dummynet::RunOptions client{.name = "client", .timeout = 10s};
  client.on_line = [](const dummynet::OutputLine& line) { std::cout << "client: " << line.text << '\n'; };
  client.on_end = [](const dummynet::RunInfo& info) { std::cout << "client " << to_string(*info.ending) << '\n'; };
  monitor.run_process_async("for i in 1 2 3; do sleep 0.1; echo request $i; done", client);

  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const int own_timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (epoll < 0 || own_timer < 0) return fail("epoll_create1 or timerfd_create");
  const itimerspec every_50_ms{{0, 50'000'000}, {0, 50'000'000}};
  ::timerfd_settime(own_timer, 0, &every_50_ms, nullptr);
  for (const int fd : {monitor.fd(), own_timer}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) return fail("epoll_ctl");
  }

  std::uint64_t ticks = 0;
  for (bool more = true; more;) {
    epoll_event event{};
    const int found = ::epoll_wait(epoll, &event, 1, -1);
    if (found < 0 && errno != EINTR) return fail("epoll_wait");
    if (found <= 0) continue;
    if (event.data.fd == monitor.fd()) {
      more = monitor.keep_running(0ms);  // all that has happened, without waiting
    } else {
      std::uint64_t expired = 0;
      if (::read(own_timer, &expired, sizeof expired) == sizeof expired) ticks += expired;
    }
  }
  ::close(own_timer);
  ::close(epoll);
  monitor.stop();
  std::cout << "this program did its own work " << (ticks > 1 ? "meanwhile" : "never") << '\n';
  return ticks > 1 ? 0 : 1;
}

}  // namespace

int main() {
  try {
    return run();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}

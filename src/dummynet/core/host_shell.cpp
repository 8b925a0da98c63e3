#include "dummynet/core/host_shell.hpp"
#include "dummynet/core/deadline.hpp"

#include <poll.h>

#include <algorithm>
#include <cstdio>

namespace dummynet {

using namespace std::chrono_literals;

RunInfo HostShell::run(const Command& command, const RunOptions& options) {
  return monitor_.run_process(command, options);
}

ProcessHandle HostShell::run_async(const Command& command, const RunOptions& options) {
  return monitor_.run_process_async(command, options);
}

RunInfo HostShell::poll_until(const Command& command, const Match& match, std::chrono::nanoseconds timeout,
                              const RunOptions& options) {
  const auto deadline = deadline_after(timeout);
  std::chrono::nanoseconds pause = 1ms;
  RunInfo last;
  for (;;) {
    RunOptions bounded = options;
    const std::chrono::nanoseconds rest = std::max<std::chrono::nanoseconds>(deadline - Clock::now(), 1ms);
    bounded.timeout = std::min(options.timeout.value_or(rest), rest);
    bool timed_out = false;
    try {
      last = monitor_.run_process(command, bounded);
    } catch (const RunInfoError& error) {
      last = error.info();
    } catch (const TimeoutError& error) {
      last = error.info();
      timed_out = !options.timeout || Clock::now() >= deadline;
    }
    if (last.succeeded() && last.matches(match)) return last;
    if (timed_out || Clock::now() + pause >= deadline) {
      char seconds[32];
      std::snprintf(seconds, sizeof seconds, "%.3gs", std::chrono::duration<double>(timeout).count());
      throw TimeoutError{std::string{"did not print what was waited for within "} + seconds, last};
    }
    // Nothing tells when the next try would differ. What happens meanwhile waits in the pipes for 20 ms at most.
    ::poll(nullptr, 0, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(pause).count()));
    pause = std::min<std::chrono::nanoseconds>(pause * 3 / 2, 20ms);
  }
}

}  // namespace dummynet

// dummynet inside a program that is built on Asio: its loop waits for monitor.fd() like for any other descriptor.
#include <fcntl.h>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <exception>
#include <iostream>

#include "dummynet/core/monitor.hpp"

namespace {

using namespace std::chrono_literals;

/// Runs a monitor in somebody's io_context until its last client has ended.
class MonitorService {
 public:
  // Asio closes what it is given: a copy of the descriptor, then.
  MonitorService(asio::io_context& io, dummynet::ProcessMonitor& monitor)
      : monitor_{monitor}, descriptor_{io, ::fcntl(monitor.fd(), F_DUPFD_CLOEXEC, 0)} {}

  template <typename Done>
  void serve(Done done) {
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_read, [this, done](const std::error_code& error) {
      if (error) return;
      if (monitor_.keep_running(0ms)) return serve(done);  // what it throws comes out of io_context::run()
      done();
    });
  }

 private:
  dummynet::ProcessMonitor& monitor_;
  asio::posix::stream_descriptor descriptor_;
};

void tick(asio::steady_timer& timer, int& ticks) {
  timer.expires_after(50ms);
  timer.async_wait([&timer, &ticks](const std::error_code& error) {
    if (error) return;
    ++ticks;
    tick(timer, ticks);
  });
}

int run() {
  asio::io_context io;
  dummynet::ProcessMonitor monitor;
  monitor.run_process_async("echo serving; exec sleep 1000", {.name = "server", .daemon = true});
  dummynet::RunOptions client{.name = "client", .timeout = 10s};
  client.on_line = [](const dummynet::OutputLine& line) { std::cout << "client: " << line.text << '\n'; };
  monitor.run_process_async("for i in 1 2 3; do sleep 0.1; echo request $i; done", client);

  int ticks = 0;
  asio::steady_timer timer{io};
  tick(timer, ticks);
  MonitorService service{io, monitor};
  service.serve([&] {
    monitor.stop();
    timer.cancel();
  });
  io.run();

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

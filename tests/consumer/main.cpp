#include <cstdio>

#include "dummynet/core/monitor.hpp"

/// A daemon that stays alive while a client talks; exit code 0 when everything was as it should be.
int main() {
  try {
    dummynet::ProcessMonitor monitor;
    const auto server = monitor.run_process_async("echo serving; exec sleep 1000",
                                                  {.daemon = true, .ready = dummynet::Ready::log("serving")});
    monitor.wait_ready(server);
    const dummynet::RunInfo client = monitor.run_process({"echo", "hello; not a shell's"});
    monitor.stop();
    std::printf("%.*s", static_cast<int>(client.out.text().size()), client.out.text().data());
    return client.out.text() == "hello; not a shell's\n" ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "consumer: %s\n", error.what());
    return 1;
  }
}

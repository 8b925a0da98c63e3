#pragma once

#include <csignal>
#include <functional>

#include "dummynet/core/poller.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet::cli {

/// SIGINT, SIGTERM and SIGHUP as descriptors to read instead of ends of this program, from construction to destruction:
/// signalfd(2). SIGHUP stays ignored if it is: nohup(1).
/// Make it before any thread and before the monitor.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// From now on, `on_signal` is called from poller.poll(). Both must outlive this object.
  void watch(Poller& poller, std::function<void(int signal)> on_signal);
  void unwatch();

 private:
  sigset_t before_{};
  os::Fd fd_;
  Poller* poller_ = nullptr;
  Poller::Id watch_ = 0;
};

}  // namespace dummynet::cli

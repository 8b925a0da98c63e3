#include "dummynet/cli/signals.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "dummynet/os/check.hpp"

namespace dummynet::cli {

StopSignals::StopSignals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction current {};
    os::check(sigaction(signal, nullptr, &current), "sigaction");
    // A shell without job control ignores SIGINT in background jobs; whoever sends it to us means it all the same.
    if (signal != SIGHUP || current.sa_handler != SIG_IGN) sigaddset(&wanted, signal);
  }
  os::check(sigprocmask(SIG_BLOCK, &wanted, &before_), "sigprocmask");
  fd_ = os::Fd{os::check(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd")};
}

StopSignals::~StopSignals() {
  unwatch();
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

void StopSignals::watch(Poller& poller, std::function<void(int)> on_signal) {
  poller_ = &poller;
  watch_ = poller.add(fd_.get(), EPOLLIN, [this, on_signal = std::move(on_signal)](std::uint32_t) {
    signalfd_siginfo info{};
    while (::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      on_signal(static_cast<int>(info.ssi_signo));
    }
  });
}

void StopSignals::unwatch() {
  if (poller_) poller_->remove(watch_);
  poller_ = nullptr;
}

}  // namespace dummynet::cli

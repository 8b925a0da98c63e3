#include "dummynet/core/password_prompt.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "dummynet/os/check.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet {

namespace {

constexpr std::array kCaught{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT};

// A signal handler has nothing but these; the mutex in ask_password_on_terminal() makes them one question's.
std::atomic<int> caught_signal{0};
std::atomic<int> wake_number{-1};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void note_signal(int number) {
  const int error = errno;
  caught_signal = number;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_number, &one, sizeof one);
  errno = error;
}

// Handlers of our own for as long as it lives, except where the program ignores the signal.
class CaughtSignals {
 public:
  explicit CaughtSignals(int wake) {
    caught_signal = 0;
    wake_number = wake;
    struct sigaction ours {};
    ours.sa_handler = note_signal;
    ::sigfillset(&ours.sa_mask);
    for (std::size_t i = 0; i < kCaught.size(); ++i) {
      ::sigaction(kCaught[i], nullptr, &before_[i]);
      if (before_[i].sa_handler != SIG_IGN) ::sigaction(kCaught[i], &ours, nullptr);
    }
  }
  ~CaughtSignals() {
    for (std::size_t i = 0; i < kCaught.size(); ++i) ::sigaction(kCaught[i], &before_[i], nullptr);
    wake_number = -1;
  }
  CaughtSignals(const CaughtSignals&) = delete;
  CaughtSignals& operator=(const CaughtSignals&) = delete;

 private:
  std::array<struct sigaction, kCaught.size()> before_{};
};

class EchoOff {
 public:
  explicit EchoOff(int tty) : tty_{tty} {
    os::check(::tcgetattr(tty, &before_), "tcgetattr /dev/tty");
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL);
    quiet.c_lflag |= ICANON | ISIG;
    // Flush: what was typed before the question is not the answer.
    os::check(::tcsetattr(tty, TCSAFLUSH, &quiet), "tcsetattr /dev/tty");
  }
  ~EchoOff() { ::tcsetattr(tty_, TCSANOW, &before_); }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;

 private:
  int tty_;
  termios before_{};
};

void say(int tty, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(tty, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Signals that this thread blocks, to read them elsewhere, show up here when they are pending; they stay so.
os::Fd watch_blocked_signals() {
  sigset_t ends;
  ::sigemptyset(&ends);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::sigaddset(&ends, number);
  return os::Fd{os::check(::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd")};
}

// Reads a line without its end. Returns the signal that came instead, -1 for one that is blocked, 0 for none.
int read_line(int tty, int wake, int blocked, Secret& line) {
  pollfd watched[] = {{tty, POLLIN, 0}, {wake, POLLIN, 0}, {blocked, POLLIN, 0}};
  for (;;) {
    const int ready = ::poll(watched, 3, -1);
    if (const int number = caught_signal; number != 0) return number;
    if (ready < 0) continue;
    if (watched[2].revents != 0) return -1;
    char byte = 0;
    const ssize_t length = ::read(tty, &byte, 1);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0 || byte == '\n') return 0;
    line.append(byte);
    ::explicit_bzero(&byte, sizeof byte);
  }
}

// Lets a caught signal do what it would have done.
void hand_on(int number) {
  sigset_t blocked;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  // To this thread, so that it has happened when we return; if that blocks it, another thread had caught it.
  if (::sigismember(&blocked, number) == 0) {
    ::raise(number);
  } else {
    ::kill(::getpid(), number);
  }
}

}  // namespace

std::unique_ptr<Secret> ask_password_on_terminal(std::string_view question) {
  static std::mutex one_at_a_time;
  const std::scoped_lock lock{one_at_a_time};
  const os::Fd tty{::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)};
  if (!tty) return nullptr;
  auto answer = std::make_unique<Secret>();
  for (;;) {
    // In the background changing the terminal would stop us: tcsetattr(3), SIGTTOU.
    if (::tcgetpgrp(tty.get()) != ::getpgrp()) return nullptr;
    const os::Fd wake{os::check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")};
    const os::Fd blocked = watch_blocked_signals();
    int number = 0;
    {
      const CaughtSignals signals{wake.get()};
      const EchoOff quiet{tty.get()};
      say(tty.get(), question);
      number = read_line(tty.get(), wake.get(), blocked.get(), *answer);
      say(tty.get(), "\n");
    }
    if (number == 0) return answer;
    answer->clear();
    if (number > 0) hand_on(number);
    // Stopped and continued: whoever had the terminal meanwhile may have changed it. Ask again.
    if (number != SIGTSTP && number != SIGCONT) return answer;
  }
}

}  // namespace dummynet

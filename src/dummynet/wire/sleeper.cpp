#include "dummynet/wire/sleeper.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "dummynet/os/check.hpp"
#include "dummynet/wire/clock.hpp"

namespace dummynet::wire {

namespace {

// Saved up for a train of packets.
constexpr Nanoseconds kMostCredit{5'000'000};
constexpr int kCreditShare = 4;  // one part of this many

timespec to_timespec(Nanoseconds time) noexcept {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  return {static_cast<time_t>(seconds.count()), static_cast<long>((time - seconds).count())};
}

}  // namespace

Sleeper::Sleeper(Nanoseconds spin)
    : epoll_{os::check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")},
      spin_{std::clamp(spin, Nanoseconds{0}, kMaxSpin)} {}

void Sleeper::add(int descriptor, std::uint32_t events, std::uint64_t key) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = key;
  os::check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event), "epoll_ctl");
}

void Sleeper::modify(int descriptor, std::uint32_t events, std::uint64_t key) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = key;
  os::check(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &event), "epoll_ctl");
}

// Raw: glibc has it from 2.35 on. Before Linux 5.11 there is none; then ppoll(2) waits for the epoll descriptor.
int Sleeper::wait(Nanoseconds timeout) {
  const auto most = static_cast<int>(events_.size());
  if (timeout <= Nanoseconds{0}) return ::epoll_wait(epoll_.get(), events_.data(), most, 0);
  if (timeout == Nanoseconds::max()) return ::epoll_wait(epoll_.get(), events_.data(), most, -1);
  const timespec time = to_timespec(timeout);
  if (has_pwait2_) {
    const auto count = ::syscall(SYS_epoll_pwait2, epoll_.get(), events_.data(), most, &time, nullptr, 0);
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(count);
    has_pwait2_ = false;
  }
  pollfd watch{epoll_.get(), POLLIN, 0};
  if (::ppoll(&watch, 1, &time, nullptr) <= 0) return 0;
  return ::epoll_wait(epoll_.get(), events_.data(), most, 0);
}

bool Sleeper::may_spin(Nanoseconds now) noexcept {
  credit_ = std::min(credit_ + (now - credit_at_) / kCreditShare, kMostCredit);
  credit_at_ = now;
  if (spun_at_ != Nanoseconds{0}) credit_ -= now - spun_at_;
  return credit_ > Nanoseconds{0};
}

std::span<const epoll_event> Sleeper::wait_until(Nanoseconds when, bool precisely) {
  Nanoseconds timeout = when;
  if (when != Nanoseconds::max()) {
    const Nanoseconds now = monotonic_now();
    timeout = std::max(when - now, Nanoseconds{0});
    const bool is_near = timeout > Nanoseconds{0} && spin_ > Nanoseconds{0} && precisely;
    if (is_near && may_spin(now)) {
      const bool spins = timeout <= spin_;
      timeout = spins ? Nanoseconds{0} : timeout - spin_;
      spun_at_ = spins ? now : Nanoseconds{0};
    } else {
      spun_at_ = Nanoseconds{0};
    }
  } else {
    spun_at_ = Nanoseconds{0};
  }
  const int count = wait(timeout);
  if (count < 0 && errno != EINTR) os::throw_errno(errno, "epoll_wait");
  return {events_.data(), static_cast<std::size_t>(std::max(count, 0))};
}

}  // namespace dummynet::wire

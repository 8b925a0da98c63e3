// One-way times, losses and rates of UDP packets between two nodes of one machine, which share a clock.
//
//   udp_probe receive PORT IDLE_MS                                  until so long nothing came after the first packet
//   udp_probe pace ADDRESS PORT COUNT PAYLOAD_BYTES INTERVAL_NS     each packet says when it was sent
//   udp_probe flood ADDRESS PORT COUNT PAYLOAD_BYTES INTERVAL_NS    the same, but who is late catches up
//
// The receiver takes the kernel's receive stamps (SO_TIMESTAMPNS, socket(7)), so that its own wake-ups do not count,
// and prints what it saw as JSON; times in nanoseconds.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::size_t kLargest = 1472;
constexpr int kFrameOverhead = 14 + 20 + 8;

struct Stamp {
  std::uint64_t number = 0;
  std::int64_t sent_ns = 0;
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

std::int64_t now_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

int open_socket() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  const int buffer = 16 << 20;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  return fd;
}

void sleep_until(std::int64_t monotonic_ns) {
  const timespec until{monotonic_ns / kSecond, monotonic_ns % kSecond};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

struct Plan {
  std::uint64_t count = 0;
  std::size_t bytes = 0;
  std::int64_t interval_ns = 0;
  bool catches_up = false;
};

int send_all(const char* address, std::uint16_t port, const Plan& plan) {
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  const int fd = open_socket();
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  if (::inet_pton(AF_INET, address, &to.sin_addr) != 1) fail("address");
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
  std::array<char, kLargest> packet{};
  std::int64_t turn = now_ns(CLOCK_MONOTONIC);
  for (std::uint64_t n = 0; n < plan.count; ++n) {
    const std::int64_t now = now_ns(CLOCK_MONOTONIC);
    if (turn > now) {
      sleep_until(turn);
    } else if (!plan.catches_up) {
      turn = now;
    }
    turn += plan.interval_ns;
    const Stamp stamp{n, now_ns(CLOCK_REALTIME)};
    std::memcpy(packet.data(), &stamp, sizeof stamp);
    while (::send(fd, packet.data(), std::max(plan.bytes, sizeof stamp), 0) < 0) {
      if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) fail("send");
    }
  }
  std::printf("{\"sent\": %llu}\n", static_cast<unsigned long long>(plan.count));
  return 0;
}

struct Seen {
  std::vector<std::int64_t> one_way{};
  std::int64_t first_ns = 0, last_ns = 0;
  std::uint64_t bytes_after_first = 0;  // as frames
  std::uint64_t highest = 0, overtaken = 0;
  std::uint32_t overflowed = 0;  // in our own socket: our fault, not the link's
};

void note(Seen& seen, const Stamp& stamp, std::size_t bytes, std::int64_t at) {
  if (seen.one_way.empty()) {
    seen.first_ns = at;
  } else {
    seen.bytes_after_first += bytes + kFrameOverhead;
    if (stamp.number < seen.highest) ++seen.overtaken;
  }
  seen.last_ns = at;
  seen.highest = std::max(seen.highest, stamp.number);
  seen.one_way.push_back(at - stamp.sent_ns);
}

// False: nothing is there.
bool receive_one(int fd, Seen& seen) {
  std::array<char, 2048> packet{};
  alignas(cmsghdr) std::array<char, 256> control{};
  iovec part{packet.data(), packet.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t bytes = ::recvmsg(fd, &message, MSG_DONTWAIT);
  if (bytes < static_cast<ssize_t>(sizeof(Stamp))) return false;
  std::int64_t at = 0;
  for (cmsghdr* part_of = CMSG_FIRSTHDR(&message); part_of != nullptr; part_of = CMSG_NXTHDR(&message, part_of)) {
    if (part_of->cmsg_level != SOL_SOCKET) continue;
    if (part_of->cmsg_type == SCM_TIMESTAMPNS) {
      timespec stamp{};
      std::memcpy(&stamp, CMSG_DATA(part_of), sizeof stamp);
      at = stamp.tv_sec * kSecond + stamp.tv_nsec;
    } else if (part_of->cmsg_type == SO_RXQ_OVFL) {
      std::memcpy(&seen.overflowed, CMSG_DATA(part_of), sizeof seen.overflowed);
    }
  }
  Stamp stamp;
  std::memcpy(&stamp, packet.data(), sizeof stamp);
  note(seen, stamp, static_cast<std::size_t>(bytes), at);
  return true;
}

long long quantile(const std::vector<std::int64_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

int receive_all(std::uint16_t port, int idle_ms) {
  const int fd = open_socket();
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_port = htons(port);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) fail("bind");
  Seen seen;
  seen.one_way.reserve(1 << 20);
  constexpr int kFirstMs = 10'000;
  pollfd waiting{fd, POLLIN, 0};
  while (::poll(&waiting, 1, seen.one_way.empty() ? kFirstMs : idle_ms) > 0) {
    while (receive_one(fd, seen)) {
    }
  }
  std::sort(seen.one_way.begin(), seen.one_way.end());
  std::printf(
      "{\"received\": %zu, \"overflowed\": %u, \"overtaken\": %llu, \"bytes_after_first\": %llu, "
      "\"duration\": %lld, \"min\": %lld, \"p50\": %lld, \"p99\": %lld, \"max\": %lld}\n",
      seen.one_way.size(), seen.overflowed, static_cast<unsigned long long>(seen.overtaken),
      static_cast<unsigned long long>(seen.bytes_after_first), static_cast<long long>(seen.last_ns - seen.first_ns),
      quantile(seen.one_way, 0), quantile(seen.one_way, 0.5), quantile(seen.one_way, 0.99), quantile(seen.one_way, 1));
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const auto number = [&](int i) { return std::strtoll(arguments[i], nullptr, 10); };
  if (count == 4 && std::strcmp(arguments[1], "receive") == 0) {
    return receive_all(static_cast<std::uint16_t>(number(2)), static_cast<int>(number(3)));
  }
  const bool floods = count == 7 && std::strcmp(arguments[1], "flood") == 0;
  if (floods || (count == 7 && std::strcmp(arguments[1], "pace") == 0)) {
    return send_all(arguments[2], static_cast<std::uint16_t>(number(3)),
                    {.count = static_cast<std::uint64_t>(number(4)),
                     .bytes = std::min(kLargest, static_cast<std::size_t>(number(5))),
                     .interval_ns = number(6),
                     .catches_up = floods});
  }
  std::fputs("usage: udp_probe receive PORT IDLE_MS | pace|flood ADDRESS PORT COUNT PAYLOAD_BYTES INTERVAL_NS\n",
             stderr);
  return 2;
}

// How far the rate of links is from what was asked, by the kernel's stamps at the receiver: the worst of them, per
// cent. Frames count from their Ethernet header on. A fifth more is sent than passes.
//   usage: bench_wire_rate engine|kernel|tbf MBIT SECONDS [LINKS]     tbf: the kernel without its netem
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <thread>

#include "bench/wire/bed.hpp"

using namespace bench;

namespace {

constexpr std::size_t kPayload = 1400;
constexpr double kFrameBits = 8.0 * (kPayload + 14 + 20 + 8);

struct Sink {
  os::Fd socket;
  double first = 0, last = 0;
  std::uint64_t after_first = 0;
};

double stamp_of(msghdr& message) {
  for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
    if (one->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec stamp{};
    std::memcpy(&stamp, CMSG_DATA(one), sizeof stamp);
    return static_cast<double>(stamp.tv_sec % 100'000) + static_cast<double>(stamp.tv_nsec) / 1e9;
  }
  return 0;
}

void drain(Sink& sink, double not_before) {
  for (;;) {
    char buffer[kPayload];
    alignas(cmsghdr) char control[64];
    iovec part{buffer, sizeof buffer};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (::recvmsg(sink.socket.get(), &message, MSG_DONTWAIT) < 0) return;
    const double at = stamp_of(message);
    if (sink.first == 0) sink.first = at;
    if (sink.last == 0 && at < sink.first + not_before) continue;
    if (sink.last == 0) {
      sink.first = at;  // the first whose time counts
    } else {
      ++sink.after_first;
    }
    sink.last = at;
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) return 2;
  const double rate = std::atof(arguments[2]) * 1e6;
  const double seconds = std::atof(arguments[3]);
  const std::size_t links = count > 4 ? std::strtoul(arguments[4], nullptr, 10) : 1;
  wire::Impairment impairment;
  impairment.rate = wire::LineRate{.bits_per_second = static_cast<std::uint64_t>(rate)};
  const bool by_tbf = std::strcmp(arguments[1], "tbf") == 0;
  if (by_tbf) {
    impairment.queue.limit_bytes = 200 * 1442;  // netem counts packets only
  } else {
    impairment.queue.limit_packets = 200;
  }
  Bed bed{by_tbf ? Mode::kernel : mode_of(arguments[1]), impairment, {}, std::chrono::microseconds{100}, links};
  std::vector<os::Fd> senders;
  std::vector<Sink> sinks(links);
  const int room = 16 << 20;
  const int on = 1;
  for (std::size_t i = 0; i < links; ++i) {
    sinks[i].socket = bed.socket("b", AF_INET, SOCK_DGRAM);
    ::setsockopt(sinks[i].socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    ::setsockopt(sinks[i].socket.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    senders.push_back(bed.socket("a", AF_INET, SOCK_DGRAM));
    const sockaddr_in target = bed.address("b", 5001, i);
    os::check(::bind(sinks[i].socket.get(), generic(target), sizeof target), "bind");
    os::check(::connect(senders[i].get(), generic(target), sizeof target), "connect");
  }
  std::thread receiver{[&] {
    const double not_before = seconds / 5;
    for (const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds + 0.5);
         std::chrono::steady_clock::now() < until;) {
      for (Sink& sink : sinks) drain(sink, not_before);
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
  }};
  const char data[kPayload] = {};
  const auto start = std::chrono::steady_clock::now();
  std::uint64_t sent = 0;
  for (double now = 0; now < seconds;) {
    now = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const auto wanted = static_cast<std::uint64_t>(now * 1.2 * rate / kFrameBits);
    for (; sent < wanted; ++sent) {
      for (const os::Fd& sender : senders) ::send(sender.get(), data, sizeof data, MSG_DONTWAIT);
    }
    std::this_thread::sleep_for(std::chrono::microseconds{200});
  }
  receiver.join();
  double worst = 0;
  for (const Sink& sink : sinks) {
    if (sink.last <= sink.first) return 1;
    const double achieved = static_cast<double>(sink.after_first) * kFrameBits / (sink.last - sink.first);
    const double error = 100 * (achieved / rate - 1);
    if (std::fabs(error) > std::fabs(worst)) worst = error;
  }
  bed.tell_faults();
  std::printf("%.4f\n", std::fabs(worst));
}

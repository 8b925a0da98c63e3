// How far a packet's time on its way is from what was asked, by the kernel's own stamps at both nodes, before the
// sender's queueing disciplines and at the receiver's interface: median, 99th percentile and largest, microseconds;
// then the share of a CPU that the engine takes, per cent.
//   usage: bench_wire_delay veth|engine|kernel DELAY_MS SPIN_US COUNT
#include <ctime>  // linux/errqueue.h uses timespec without saying whose
//
#include <linux/errqueue.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <random>
#include <thread>

#include "bench/wire/bed.hpp"

using namespace bench;

namespace {

constexpr std::size_t kNumberAt = 14 + 20 + 8;

using Stamps = std::map<std::uint32_t, std::int64_t>;  // nanoseconds, by the packet's number

std::int64_t nanoseconds_of(const timespec& time) { return time.tv_sec * 1'000'000'000LL + time.tv_nsec; }

// Sees what the interface receives, with the time.
os::Fd open_window(Bed& bed, const char* node) {
  os::Fd socket = bed.socket(node, AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
  ifreq request{};
  std::strcpy(request.ifr_name, "eth0");
  os::check(::ioctl(socket.get(), SIOCGIFINDEX, &request), "SIOCGIFINDEX");
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = request.ifr_ifindex;
  os::check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  const int on = 1;
  os::check(::setsockopt(socket.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on), "SO_TIMESTAMPNS");
  return socket;
}

// Of the numbered datagrams that came by.
void look(const os::Fd& window, Stamps& stamps) {
  for (;;) {
    char buffer[256];
    alignas(cmsghdr) char control[128];
    iovec part{buffer, sizeof buffer};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t length = ::recvmsg(window.get(), &message, MSG_DONTWAIT);
    if (length < 0) return;
    if (length < static_cast<ssize_t>(kNumberAt + 8) || buffer[23] != IPPROTO_UDP) continue;
    std::uint32_t number = 0;
    std::memcpy(&number, buffer + kNumberAt, sizeof number);
    for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
      if (one->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec stamp{};
      std::memcpy(&stamp, CMSG_DATA(one), sizeof stamp);
      stamps[number] = nanoseconds_of(stamp);
    }
  }
}

// From now on the kernel tells when it gave each datagram to the queueing disciplines, which may hold it back: an
// interface's window looks behind them. Documentation/networking/timestamping.rst.
void ask_when_sent(const os::Fd& sender) {
  const unsigned wanted =
      SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
  os::check(::setsockopt(sender.get(), SOL_SOCKET, SO_TIMESTAMPING, &wanted, sizeof wanted), "SO_TIMESTAMPING");
}

void read_when_sent(const os::Fd& sender, Stamps& stamps) {
  for (;;) {
    alignas(cmsghdr) char control[256];
    msghdr message{};
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (::recvmsg(sender.get(), &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
    scm_timestamping stamp{};
    sock_extended_err which{};
    for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
      const bool is_stamp = one->cmsg_level == SOL_SOCKET && one->cmsg_type == SCM_TIMESTAMPING;
      if (is_stamp) std::memcpy(&stamp, CMSG_DATA(one), sizeof stamp);
      const bool is_number = one->cmsg_level == SOL_IP && one->cmsg_type == IP_RECVERR;
      if (is_number) std::memcpy(&which, CMSG_DATA(one), sizeof which);
    }
    if (which.ee_origin != SO_EE_ORIGIN_TIMESTAMPING) continue;
    stamps[which.ee_data + 1] = nanoseconds_of({stamp.ts[0].tv_sec, stamp.ts[0].tv_nsec});  // we count from 1
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 5) return 2;
  wire::Impairment impairment;
  impairment.delay = std::chrono::milliseconds{std::atoi(arguments[2])};
  const auto packets = static_cast<std::uint32_t>(std::atoi(arguments[4]));
  Bed bed{mode_of(arguments[1]), impairment, impairment, std::chrono::microseconds{std::atoi(arguments[3])}};
  const bool delays = mode_of(arguments[1]) != Mode::veth;
  const os::Fd receiver = bed.socket("b", AF_INET, SOCK_DGRAM);
  const os::Fd sender = bed.socket("a", AF_INET, SOCK_DGRAM);
  const sockaddr_in target = bed.address("b", 5001);
  os::check(::bind(receiver.get(), generic(target), sizeof target), "bind");
  os::check(::connect(sender.get(), generic(target), sizeof target), "connect");
  char data[64] = {};
  ::send(sender.get(), data, sizeof data, 0);
  ::recv(receiver.get(), data, sizeof data, 0);
  const os::Fd window = open_window(bed, "b");
  ask_when_sent(sender);
  Stamps sent, received;
  std::mt19937 random{5};
  const double cpu_before = bed.has_engine() ? cpu_seconds(bed.engine().pid()) : 0;
  const auto start = std::chrono::steady_clock::now();
  for (std::uint32_t number = 1; number <= packets; ++number) {
    std::memcpy(data, &number, sizeof number);
    ::send(sender.get(), data, sizeof data, 0);
    std::this_thread::sleep_for(std::chrono::microseconds{1500 + random() % 1000});  // one by one, mostly asleep
    if (number % 16 == 0) {
      read_when_sent(sender, sent);
      look(window, received);
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double cpu = bed.has_engine() ? cpu_seconds(bed.engine().pid()) - cpu_before : 0;
  std::this_thread::sleep_for(impairment.delay + std::chrono::milliseconds{50});
  read_when_sent(sender, sent);
  look(window, received);
  std::vector<double> errors;
  for (const auto& [number, at] : received) {
    const auto from = sent.find(number);
    if (number == 0 || from == sent.end()) continue;
    errors.push_back(
        (static_cast<double>(at - from->second) - (delays ? static_cast<double>(impairment.delay.count()) : 0.0)) /
        1e3);
  }
  if (errors.size() < packets / 2) return 1;
  std::sort(errors.begin(), errors.end());
  if (errors.front() < -5) std::fprintf(stderr, "early by %.1f us\n", -errors.front());
  std::printf("%.2f %.2f %.2f %.2f\n", errors[errors.size() / 2], errors[errors.size() * 99 / 100], errors.back(),
              100 * cpu / seconds);
}

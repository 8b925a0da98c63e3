// One TCP stream between two nodes: payload that arrives after the first second, Gbit/s.
//   usage: bench_wire_tcp veth|engine|kernel DELAY_MS SECONDS [WARM_SECONDS [MBIT]]     delay: one way, each way
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <chrono>
#include <cstring>

#include "bench/wire/bed.hpp"

using namespace bench;
using Clock = std::chrono::steady_clock;

namespace {

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void receive(const os::Fd& listener, double warm, const os::Fd& result) {
  const os::Fd connection{::accept(listener.get(), nullptr, nullptr)};
  std::string buffer(1U << 18U, '\0');
  const auto start = Clock::now();
  double begin = 0, end = 0, bytes = 0;
  for (ssize_t count = 1; count > 0;) {
    count = ::recv(connection.get(), buffer.data(), buffer.size(), 0);
    const double now = seconds_since(start);
    if (now < warm || count <= 0) continue;
    if (begin == 0) {
      begin = now;
    } else {
      bytes += static_cast<double>(count);
    }
    end = now;
  }
  const double rate = end > begin ? 8 * bytes / (end - begin) / 1e9 : 0;
  if (::write(result.get(), &rate, sizeof rate) != sizeof rate) ::_exit(1);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) return 2;
  const double seconds = std::atof(arguments[3]);
  const double warm = count > 4 ? std::atof(arguments[4]) : 1;
  wire::Impairment impairment;
  impairment.delay = std::chrono::milliseconds{std::atoi(arguments[2])};
  if (count > 5) impairment.rate = wire::LineRate{static_cast<std::uint64_t>(std::atoi(arguments[5])) * 1'000'000};
  // Buffers for a long fat pipe: 64 MB.
  const std::map<std::string, std::string> sysctls{{"net.ipv4.tcp_rmem", "4096 131072 67108864"},
                                                   {"net.ipv4.tcp_wmem", "4096 131072 67108864"}};
  Bed bed{mode_of(arguments[1]), impairment, impairment, std::chrono::microseconds{100}, 1, sysctls};
  const os::Fd listener = bed.socket("b", AF_INET, SOCK_STREAM);
  const os::Fd sender = bed.socket("a", AF_INET, SOCK_STREAM);
  const sockaddr_in target = bed.address("b", 5001);
  os::check(::bind(listener.get(), generic(target), sizeof target), "bind");
  os::check(::listen(listener.get(), 1), "listen");
  int ends[2];
  os::check(::pipe2(ends, O_CLOEXEC), "pipe");
  const os::Fd result{ends[0]};
  os::Fd tell{ends[1]};
  const pid_t receiver = in_child([&] {
    ::close(sender.get());
    receive(listener, warm, tell);
  });
  tell.reset();
  os::check(::connect(sender.get(), generic(target), sizeof target), "connect");
  const std::string data(1U << 17U, 'x');
  const auto start = Clock::now();
  while (seconds_since(start) < seconds + warm) {
    pollfd watch{sender.get(), POLLOUT, 0};
    if (::poll(&watch, 1, 100) == 1) ::send(sender.get(), data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  const linger at_once{1, 0};
  ::setsockopt(sender.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::shutdown(sender.get(), SHUT_RDWR);
  double rate = 0;
  if (::read(result.get(), &rate, sizeof rate) != sizeof rate) return 1;
  ::waitpid(receiver, nullptr, 0);
  bed.tell_faults();
  std::printf("%.4f\n", rate);
}

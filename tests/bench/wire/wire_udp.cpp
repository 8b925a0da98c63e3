// As many small datagrams as can be sent (22 bytes of payload: frames of 64 bytes): those that arrive, thousands a
// second; and with the engine those that it carries per second of its own CPU time.
//   usage: bench_wire_udp veth|engine SECONDS
#include <fcntl.h>
#include <poll.h>

#include <array>
#include <chrono>

#include "bench/wire/bed.hpp"

using namespace bench;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kPayload = 22;
constexpr std::size_t kBatch = 32;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Batch {
  std::array<std::array<char, 64>, kBatch> buffers{};
  std::array<iovec, kBatch> parts{};
  std::array<mmsghdr, kBatch> messages{};
  explicit Batch(std::size_t bytes) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts[i] = {buffers[i].data(), bytes};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
  }
};

// Those that come in the second after the first half second, and so on to the end: thousands a second.
void receive(const os::Fd& socket, const os::Fd& result) {
  Batch batch{64};
  double begin = 0, end = 0, packets = 0;
  const auto start = Clock::now();
  for (;;) {
    pollfd watch{socket.get(), POLLIN, 0};
    if (::poll(&watch, 1, end == 0 ? 10'000 : 300) != 1) break;
    const int count = ::recvmmsg(socket.get(), batch.messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    const double now = seconds_since(start);
    if (begin == 0) {
      begin = now;
    } else {
      packets += std::max(count, 0);
    }
    end = now;
  }
  const double rate = end > begin ? packets / (end - begin) / 1e3 : 0;
  if (::write(result.get(), &rate, sizeof rate) != sizeof rate) ::_exit(1);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  const double seconds = std::atof(arguments[2]);
  Bed bed{mode_of(arguments[1]), {}, {}, std::chrono::microseconds{100}};
  const os::Fd receiver = bed.socket("b", AF_INET, SOCK_DGRAM);
  const os::Fd sender = bed.socket("a", AF_INET, SOCK_DGRAM);
  const int room = 16 << 20;
  ::setsockopt(receiver.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  const sockaddr_in target = bed.address("b", 5001);
  os::check(::bind(receiver.get(), generic(target), sizeof target), "bind");
  os::check(::connect(sender.get(), generic(target), sizeof target), "connect");
  char one = 0;  // neighbours meet
  ::send(sender.get(), &one, 1, 0);
  ::recv(receiver.get(), &one, 1, 0);
  int ends[2];
  os::check(::pipe2(ends, O_CLOEXEC), "pipe");
  const os::Fd result{ends[0]};
  os::Fd tell{ends[1]};
  const pid_t child = in_child([&] { receive(receiver, tell); });
  tell.reset();
  const double cpu_before = bed.has_engine() ? cpu_seconds(bed.engine().pid()) : 0;
  Batch batch{kPayload};
  const auto start = Clock::now();
  while (seconds_since(start) < seconds) ::sendmmsg(sender.get(), batch.messages.data(), kBatch, 0);
  double rate = 0;
  if (::read(result.get(), &rate, sizeof rate) != sizeof rate) return 1;
  ::waitpid(child, nullptr, 0);
  double per_core = 0;
  if (bed.has_engine()) {
    const double cpu = cpu_seconds(bed.engine().pid()) - cpu_before;
    const auto carried = bed.engine().counters().front().directions.front().fate.departed_packets;
    per_core = cpu > 0 ? static_cast<double>(carried) / cpu / 1e3 : 0;
    const auto lost = bed.engine().counters().front().directions.front().own_losses;
    std::fprintf(stderr, "the engine's socket overflowed: %llu of %llu\n", static_cast<unsigned long long>(lost),
                 static_cast<unsigned long long>(carried + lost));
  }
  std::printf("%.2f %.2f\n", rate, per_core);
}

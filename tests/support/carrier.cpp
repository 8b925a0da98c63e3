#include "support/carrier.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "dummynet/os/check.hpp"

namespace dummynet::test {

Carrier::Carrier(net::Network& network, std::size_t link)
    : ends_{network.open_cut(link)}, stop_{os::check(::eventfd(0, EFD_CLOEXEC), "eventfd")}, thread_{[this] {
        run();
      }} {}

Carrier::~Carrier() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stop_.get(), &one, sizeof one);
  thread_.join();
}

void Carrier::run() {
  for (;;) {
    std::array<pollfd, 3> watch{{{ends_[0].get(), POLLIN, 0}, {ends_[1].get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    ::poll(watch.data(), watch.size(), -1);
    if (watch[2].revents != 0) return;
    carry(ends_[0], ends_[1]);
    carry(ends_[1], ends_[0]);
  }
}

void Carrier::carry(const os::Fd& from, const os::Fd& to) {
  std::array<std::byte, kVirtioHeaderBytes + 66'000> frame;
  for (;;) {
    const ssize_t got = ::recv(from.get(), frame.data(), frame.size(), 0);
    if (got < static_cast<ssize_t>(kVirtioHeaderBytes)) return;
    longest_ = std::max<std::size_t>(longest_, static_cast<std::size_t>(got) - kVirtioHeaderBytes);
    // What the kernel refuses is lost, as on any link.
    [[maybe_unused]] const ssize_t sent = ::send(to.get(), frame.data(), static_cast<std::size_t>(got), 0);
  }
}

}  // namespace dummynet::test

#include "support/udp_probe.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "dummynet/core/warden.hpp"
#include "dummynet/os/check.hpp"
#include "support/waiting.hpp"

namespace dummynet::test {

using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t kProbePort = 4242;
constexpr std::size_t kNumberBytes = sizeof(std::uint32_t);

void fill(char* datagram, std::size_t bytes, std::uint32_t number) {
  std::memcpy(datagram, &number, kNumberBytes);
  std::memset(datagram + kNumberBytes, static_cast<int>(number % 251), bytes - kNumberBytes);
}

bool is_filled(const char* datagram, std::size_t bytes, std::uint32_t number) {
  return std::all_of(datagram + kNumberBytes, datagram + bytes,
                     [&](char one) { return one == static_cast<char>(number % 251); });
}

}  // namespace

UdpProbe::UdpProbe(ProcessMonitor& monitor, const net::Network& network, const std::string& from,
                   const std::string& to) {
  const auto open = [&](const std::string& node) {
    return monitor.warden().open_socket(network.place(node).node, AF_INET, SOCK_DGRAM, 0);
  };
  sender_ = open(from);
  receiver_ = open(to);
  const int on = 1;
  const int bytes = 8 << 20;
  os::check(::setsockopt(receiver_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on), "SO_TIMESTAMPNS");
  ::setsockopt(receiver_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);  // an ordinary user has less
  ::inet_pton(AF_INET, network.address(to).c_str(), &to_.sin_addr);
  to_.sin_family = AF_INET;
  to_.sin_port = htons(kProbePort);
  os::check(::bind(receiver_.get(), reinterpret_cast<const sockaddr*>(&to_), sizeof to_), "bind");
  os::check(::connect(sender_.get(), reinterpret_cast<const sockaddr*>(&to_), sizeof to_), "connect");
  send(0);
  receive_until([](const All& all) { return !all.empty(); });
}

std::chrono::nanoseconds UdpProbe::now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

void UdpProbe::send(std::uint32_t number, std::size_t bytes) {
  std::vector<char> datagram(bytes);
  fill(datagram.data(), bytes, number);
  EXPECT_EQ(::send(sender_.get(), datagram.data(), bytes, 0), static_cast<ssize_t>(bytes));
}

void UdpProbe::send_as_one(std::uint32_t first, std::uint32_t count) {
  std::vector<char> datagrams(count * kPayload);
  for (std::uint32_t i = 0; i < count; ++i) fill(datagrams.data() + i * kPayload, kPayload, first + i);
  const int size = kPayload;
  os::check(::setsockopt(sender_.get(), SOL_UDP, UDP_SEGMENT, &size, sizeof size), "UDP_SEGMENT");
  EXPECT_EQ(::send(sender_.get(), datagrams.data(), datagrams.size(), 0), static_cast<ssize_t>(datagrams.size()));
  const int off = 0;
  os::check(::setsockopt(sender_.get(), SOL_UDP, UDP_SEGMENT, &off, sizeof off), "UDP_SEGMENT");
}

void UdpProbe::drain(All& all) const {
  for (;;) {
    Received one;
    alignas(cmsghdr) std::array<char, 256> control{};
    std::array<char, 2048> datagram{};
    iovec piece{datagram.data(), datagram.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(receiver_.get(), &message, MSG_DONTWAIT);
    if (got < static_cast<ssize_t>(kNumberBytes)) return;
    std::memcpy(&one.number, datagram.data(), kNumberBytes);
    one.is_intact = is_filled(datagram.data(), static_cast<std::size_t>(got), one.number);
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
      if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec stamp{};
      std::memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
      one.at = std::chrono::seconds{stamp.tv_sec} + std::chrono::nanoseconds{stamp.tv_nsec};
    }
    all.push_back(one);
  }
}

UdpProbe::All UdpProbe::receive_until(const std::function<bool(const All&)>& enough) {
  All all;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (drain(all), !enough(all)) {
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << all.size() << " datagrams in a minute";
      break;
    }
    becomes_readable(receiver_.get(), 5ms);  // or else `enough` is about something that tells us nothing
  }
  return all;
}

UdpProbe::All UdpProbe::receive(std::size_t count) {
  return receive_until([&](const All& all) { return all.size() >= count; });
}

UdpProbe::All UdpProbe::receive_the_rest(const std::function<bool()>& is_idle) {
  return receive_until([&](const All&) { return is_idle() && !becomes_readable(receiver_.get(), 100ms); });
}

}  // namespace dummynet::test

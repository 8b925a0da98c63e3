#include "support/traffic.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "dummynet/core/warden.hpp"
#include "dummynet/os/check.hpp"

namespace dummynet::test {

namespace {

constexpr std::uint16_t kPort = 4242;
constexpr std::size_t kLargest = 65'507;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Address to_address(const std::string& text, net::IpFamily family) {
  Address address;
  if (family == net::IpFamily::v4) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(kPort);
    EXPECT_EQ(::inet_pton(AF_INET, text.c_str(), &name.sin_addr), 1) << text;
    std::memcpy(&address.storage, &name, sizeof name);
    address.size = sizeof name;
  } else {
    sockaddr_in6 name{};
    name.sin6_family = AF_INET6;
    name.sin6_port = htons(kPort);
    EXPECT_EQ(::inet_pton(AF_INET6, text.c_str(), &name.sin6_addr), 1) << text;
    std::memcpy(&address.storage, &name, sizeof name);
    address.size = sizeof name;
  }
  return address;
}

Address any_address(net::IpFamily family) { return to_address(family == net::IpFamily::v4 ? "0.0.0.0" : "::", family); }

int domain_of(net::IpFamily family) { return family == net::IpFamily::v4 ? AF_INET : AF_INET6; }

}  // namespace

void transfer_tcp(ProcessMonitor& monitor, const net::Network& network, const std::string& from, const std::string& to,
                  std::size_t bytes, net::IpFamily family, const std::string& address) {
  const auto open = [&](const std::string& node) {
    return monitor.warden().open_socket(network.place(node).node, domain_of(family), SOCK_STREAM, 0);
  };
  const os::Fd listener = open(to);
  const os::Fd sender = open(from);
  const int on = 1;
  os::check(::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  const Address any = any_address(family);
  os::check(::bind(listener.get(), any.get(), any.size), "bind");
  os::check(::listen(listener.get(), 1), "listen");
  const Address target = to_address(address.empty() ? network.address(to, family) : address, family);
  os::check(::connect(sender.get(), target.get(), target.size), "connect");
  const os::Fd receiver{os::check(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept")};
  std::string all(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) all[i] = static_cast<char>(i * 131 + i / 509);
  std::string buffer(1U << 18U, '\0');
  for (std::size_t sent = 0, received = 0; received < bytes;) {
    pollfd watched[] = {{receiver.get(), POLLIN, 0}, {sent < bytes ? sender.get() : -1, POLLOUT, 0}};
    ASSERT_GT(::poll(watched, 2, 60'000), 0) << received << " of " << bytes << " bytes came";
    if (watched[1].revents != 0) {
      const ssize_t count = ::send(sender.get(), all.data() + sent, bytes - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      sent += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    }
    if (watched[0].revents != 0) {
      const auto count =
          static_cast<std::size_t>(os::check(::recv(receiver.get(), buffer.data(), buffer.size(), 0), "recv"));
      ASSERT_GT(count, 0U);
      ASSERT_EQ(all.compare(received, count, buffer, 0, count), 0) << "after " << received;
      received += count;
    }
  }
}

Datagrams::Datagrams(ProcessMonitor& monitor, const net::Network& network, const std::string& from,
                     const std::string& to, net::IpFamily family, const std::string& address)
    : payload_(kLargest, '\0'), buffer_(1U << 16U, '\0') {
  sender_ = monitor.warden().open_socket(network.place(from).node, domain_of(family), SOCK_DGRAM, 0);
  receiver_ = monitor.warden().open_socket(network.place(to).node, domain_of(family), SOCK_DGRAM, 0);
  for (std::size_t i = 0; i < payload_.size(); ++i) payload_[i] = static_cast<char>(i * 11 + i / 256);
  const int room = 8 << 20;
  if (::setsockopt(receiver_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0) {
    ::setsockopt(receiver_.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);  // up to net.core.rmem_max
  }
  const Address any = any_address(family);
  os::check(::bind(receiver_.get(), any.get(), any.size), "bind");
  const Address target = to_address(address.empty() ? network.address(to, family) : address, family);
  os::check(::connect(sender_.get(), target.get(), target.size), "connect");
}

void Datagrams::send(std::uint64_t number, std::size_t bytes) {
  std::memcpy(payload_.data(), &number, sizeof number);
  os::check(::send(sender_.get(), payload_.data(), bytes, 0), "send");
}

void Datagrams::send_segmented(std::uint64_t number, std::size_t bytes, std::uint16_t segment) {
  const int size = segment;
  os::check(::setsockopt(sender_.get(), SOL_UDP, UDP_SEGMENT, &size, sizeof size), "UDP_SEGMENT");
  std::string all;
  std::memcpy(payload_.data(), &number, sizeof number);
  while (all.size() < bytes) all.append(payload_, 0, std::min<std::size_t>(segment, bytes - all.size()));
  os::check(::send(sender_.get(), all.data(), all.size(), 0), "send");
}

void Datagrams::meet() {
  send(0, 100);
  receive_numbers(1);
}

std::optional<Datagrams::Datagram> Datagrams::receive(std::chrono::milliseconds patience) {
  if (!becomes_readable(receiver_.get(), patience)) return std::nullopt;
  const auto length = os::check(::recv(receiver_.get(), buffer_.data(), buffer_.size(), 0), "recv");
  Datagram datagram;
  datagram.bytes = static_cast<std::size_t>(length);
  if (datagram.bytes < sizeof datagram.number) return datagram;
  std::memcpy(&datagram.number, buffer_.data(), sizeof datagram.number);
  datagram.intact = buffer_.compare(8, datagram.bytes - 8, payload_, 8, datagram.bytes - 8) == 0;
  return datagram;
}

std::vector<std::uint64_t> Datagrams::receive_numbers(std::size_t count) {
  std::vector<std::uint64_t> numbers;
  while (numbers.size() < count) {
    const auto one = receive();
    if (!one) {
      ADD_FAILURE() << "only " << numbers.size() << " of " << count << " datagrams came";
      break;
    }
    EXPECT_TRUE(one->intact);
    numbers.push_back(one->number);
  }
  return numbers;
}

}  // namespace dummynet::test

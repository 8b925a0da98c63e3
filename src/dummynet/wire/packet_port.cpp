#include "dummynet/wire/packet_port.hpp"

#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <numeric>

namespace dummynet::wire {

namespace {

constexpr std::uint16_t kVlanProtocol = 0x8100;

template <typename T>
T data_of(const cmsghdr* header) noexcept {
  T value{};
  std::memcpy(&value, CMSG_DATA(header), sizeof value);
  return value;
}

}  // namespace

ReceiveBatch::ReceiveBatch() noexcept {
  for (std::size_t i = 0; i < kMost; ++i) {
    headers_[i].msg_hdr.msg_iov = &parts_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
    headers_[i].msg_hdr.msg_control = control_[i].data();
  }
}

int ReceiveBatch::receive(const os::Fd& socket, std::size_t most) noexcept {
  for (std::size_t i = 0; i < most; ++i) headers_[i].msg_hdr.msg_controllen = kControl;
  int count = 0;
  do {
    count = ::recvmmsg(socket.get(), headers_.data(), static_cast<unsigned>(most), MSG_DONTWAIT, nullptr);
  } while (count < 0 && errno == EINTR);
  return count;
}

ReceiveBatch::Message ReceiveBatch::message(std::size_t index) const noexcept {
  // The macros of cmsg(3) want it without const, and change nothing.
  auto& header = const_cast<msghdr&>(headers_[index].msg_hdr);
  Message message;
  message.length = headers_[index].msg_len;
  message.truncated = (header.msg_flags & MSG_TRUNC) != 0;
  for (cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr; one = CMSG_NXTHDR(&header, one)) {
    if (one->cmsg_level == SOL_SOCKET && one->cmsg_type == SCM_TIMESTAMPNS) {
      const auto stamp = data_of<timespec>(one);
      message.realtime = std::chrono::seconds{stamp.tv_sec} + Nanoseconds{stamp.tv_nsec};
    } else if (one->cmsg_level == SOL_PACKET && one->cmsg_type == PACKET_AUXDATA) {
      const auto auxiliary = data_of<tpacket_auxdata>(one);
      message.has_tag = (auxiliary.tp_status & TP_STATUS_VLAN_VALID) != 0;
      message.tag = auxiliary.tp_vlan_tci;
      const bool has_protocol = (auxiliary.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
      message.tag_protocol = has_protocol ? auxiliary.tp_vlan_tpid : kVlanProtocol;
    }
  }
  return message;
}

void SendBatch::fill(const FramePool& pool, std::span<const std::uint32_t> frames, bool joins) noexcept {
  messages_ = used_parts_ = 0;
  frames = frames.first(std::min(frames.size(), kMostFrames));
  while (!frames.empty() && messages_ < kMost) {
    msghdr& message = headers_[messages_].msg_hdr;
    message.msg_iov = &parts_[used_parts_];
    std::size_t taken = joins ? take_joined(pool, frames) : 0;
    if (taken == 0) {
      add_part(pool[frames[0]].virtio(), pool[frames[0]].length);
      taken = 1;
    }
    message.msg_iovlen = static_cast<std::size_t>(&parts_[used_parts_] - message.msg_iov);
    frames_[messages_++] = taken;
    frames = frames.subspan(taken);
  }
}

// 0: the first is not to be joined with the next.
std::size_t SendBatch::take_joined(const FramePool& pool, std::span<const std::uint32_t> frames) noexcept {
  const Frame& first = pool[frames[0]];
  if (first.train == 0 || frames.size() < 2 || pool[frames[1]].train != first.train) return 0;
  const std::size_t headers = headers_of_segment(first.ethernet());
  if (headers == 0) return 0;
  std::size_t count = 1;
  std::size_t payload = first.ethernet().size() - headers;
  for (; count < frames.size(); ++count) {
    const Frame& next = pool[frames[count]];
    if (next.train != first.train || next.place != first.place + count) break;
    const std::size_t more = next.ethernet().size() - headers;
    if (headers + payload + more > JoinedHeaders::kLargest) break;
    payload += more;
  }
  if (count < 2) return 0;
  JoinedHeaders& joined = joined_[messages_];
  joined = join_headers(first.ethernet(), pool[frames[count - 1]].ethernet(), headers, payload);
  add_part(joined.bytes.data(), joined.length);
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<std::byte> frame = pool[frames[i]].ethernet();
    add_part(frame.data() + headers, frame.size() - headers);
  }
  return count;
}

std::size_t SendBatch::frames_in(std::size_t messages) const noexcept {
  return std::accumulate(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(messages), std::size_t{0});
}

int SendBatch::send(const os::Fd& socket) noexcept {
  int sent = 0;
  do {
    sent = ::sendmmsg(socket.get(), headers_.data(), static_cast<unsigned>(messages_), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

std::uint64_t take_socket_drops(const os::Fd& socket) noexcept {
  tpacket_stats statistics{};
  socklen_t size = sizeof statistics;
  if (::getsockopt(socket.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &size) != 0) return 0;
  return statistics.tp_drops;
}

std::size_t socket_room(const os::Fd& socket) noexcept {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &bytes, &size) != 0) return 0;
  return static_cast<std::size_t>(bytes);
}

bool has_frame(const os::Fd& socket) noexcept {
  pollfd watch{socket.get(), POLLIN, 0};
  return ::poll(&watch, 1, 0) != 0;
}

bool has_carrier(const os::Fd& socket) noexcept {
  sockaddr_ll address{};
  socklen_t size = sizeof address;
  ifreq request{};
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return true;
  if (address.sll_family != AF_PACKET) return true;
  request.ifr_ifindex = address.sll_ifindex;
  if (::ioctl(socket.get(), SIOCGIFNAME, &request) != 0) return false;
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) return false;
  return (request.ifr_flags & IFF_RUNNING) != 0;
}

}  // namespace dummynet::wire

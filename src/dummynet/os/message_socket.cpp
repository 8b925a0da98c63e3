#include "dummynet/os/message_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "dummynet/os/check.hpp"

namespace dummynet::os {

namespace {

constexpr std::size_t kControlBytes = CMSG_SPACE(FdList::kMax * sizeof(int)) + CMSG_SPACE(sizeof(ucred));

// All descriptors that processes of one user have on their way may not outnumber the limit of open files of whoever
// sends one more: unix(7). The receivers, other users of the machine perhaps, take them in microseconds; so it is
// waited for, 1 ms at a time.
constexpr int kMostRefusals = 10'000;

}  // namespace

std::pair<Fd, Fd> make_message_sockets() {
  int pair[2];
  check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), "socketpair");
  return {Fd{pair[0]}, Fd{pair[1]}};
}

bool send_message(int socket, std::string_view bytes, std::span<const int> fds, int flags, std::optional<pid_t> about) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[kControlBytes];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  std::size_t used = 0;
  const auto add = [&](int type, const void* data, std::size_t size) {
    cmsghdr header{};
    header.cmsg_level = SOL_SOCKET;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(size);
    std::memset(control + used, 0, CMSG_SPACE(size));
    std::memcpy(control + used, &header, sizeof header);
    std::memcpy(control + used + CMSG_LEN(0), data, size);
    used += CMSG_SPACE(size);
  };
  if (!fds.empty()) add(SCM_RIGHTS, fds.data(), fds.size_bytes());
  if (about) {
    const ucred credentials{*about, ::geteuid(), ::getegid()};
    add(SCM_CREDENTIALS, &credentials, sizeof credentials);
  }
  if (used > 0) {
    message.msg_control = control;
    message.msg_controllen = used;
  }
  for (int refusals = 0;;) {
    if (::sendmsg(socket, &message, flags | MSG_NOSIGNAL) >= 0) return true;
    if (errno == EINTR) continue;
    if (errno == ETOOMANYREFS && refusals++ < kMostRefusals) {
      ::poll(nullptr, 0, 1);  // there is no event for this
      if ((flags & MSG_DONTWAIT) == 0) continue;
      errno = EAGAIN;
    }
    if (errno == EAGAIN || errno == EPIPE || errno == ECONNRESET) return false;
    throw_errno(errno, "sendmsg");
  }
}

std::optional<Received> receive_message(int socket, std::span<char> buffer, int flags) {
  iovec part{buffer.data(), buffer.size()};
  alignas(cmsghdr) char control[kControlBytes];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t length = 0;
  do {
    length = ::recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
  } while (length < 0 && errno == EINTR);
  if (length < 0 && errno == EAGAIN) return std::nullopt;
  if (length < 0 && errno == ECONNRESET) length = 0;
  check(length, "recvmsg");

  Received received;
  received.bytes = {buffer.data(), static_cast<std::size_t>(length)};
  received.truncated = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    if (header->cmsg_type == SCM_RIGHTS) {
      const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      received.fds.reserve(count);
      for (std::size_t i = 0; i < count; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
        received.fds.push_back(Fd{fd});
      }
    } else if (header->cmsg_type == SCM_CREDENTIALS) {
      ucred credentials{};
      std::memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
      received.about = credentials.pid;
    }
  }
  return received;
}

}  // namespace dummynet::os

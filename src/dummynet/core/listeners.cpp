#include "dummynet/core/listeners.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>

#include "dummynet/os/check.hpp"

namespace dummynet {

namespace {

/// One dump request with a filter program, laid out as the kernel reads it.
struct Question {
  nlmsghdr header;
  inet_diag_req_v2 request;
  nlattr filter_header;
  // "port >= p" and "port <= p": each instruction is followed by its operand.
  std::array<inet_diag_bc_op, 4> filter;
};
static_assert(sizeof(Question) == NLMSG_HDRLEN + sizeof(inet_diag_req_v2) + NLA_HDRLEN + 4 * sizeof(inet_diag_bc_op));

Question make_question(int family, std::uint16_t port, ReadyListen::Protocol protocol) {
  const bool is_tcp = protocol == ReadyListen::Protocol::tcp;
  Question question{};
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  question.request.sdiag_family = static_cast<std::uint8_t>(family);
  question.request.sdiag_protocol = is_tcp ? IPPROTO_TCP : IPPROTO_UDP;
  // An unconnected UDP socket is in the state that TCP calls CLOSE.
  question.request.idiag_states = 1U << static_cast<unsigned>(is_tcp ? TCP_LISTEN : TCP_CLOSE);
  question.request.id.idiag_sport = htons(port);  // newer kernels look at it first, which is quicker than the program
  question.filter_header.nla_len = NLA_HDRLEN + sizeof question.filter;
  question.filter_header.nla_type = INET_DIAG_REQ_BYTECODE;
  constexpr std::uint8_t kNext = 2 * sizeof(inet_diag_bc_op);
  constexpr std::uint16_t kReject = 4;  // jumping past the end of the program by this much means "no"
  question.filter[0] = {INET_DIAG_BC_S_GE, kNext, 2 * kNext + kReject};
  question.filter[1].no = port;
  question.filter[2] = {INET_DIAG_BC_S_LE, kNext, kNext + kReject};
  question.filter[3].no = port;
  return question;
}

bool is_mapped_loopback(const in6_addr& address) {
  return IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127;
}

Listener read_listener(const inet_diag_msg& message, std::size_t size) {
  Listener listener;
  listener.inode = message.idiag_inode;
  listener.family = message.idiag_family;
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(listener.family, message.id.idiag_src, text.data(), text.size());
  listener.address = text.data();
  in6_addr address{};
  std::memcpy(&address, message.id.idiag_src, sizeof address);
  if (listener.family == AF_INET) {
    listener.is_any = message.id.idiag_src[0] == 0;
    listener.is_loopback = (ntohl(message.id.idiag_src[0]) >> 24U) == 127;
  } else {
    listener.is_any = IN6_IS_ADDR_UNSPECIFIED(&address);
    listener.is_loopback = IN6_IS_ADDR_LOOPBACK(&address) || is_mapped_loopback(address);
  }
  const auto* attributes = reinterpret_cast<const std::byte*>(&message + 1);
  for (std::size_t at = 0; at + NLA_HDRLEN <= size - sizeof message;) {
    nlattr attribute{};
    std::memcpy(&attribute, attributes + at, sizeof attribute);
    if (attribute.nla_len < NLA_HDRLEN || at + attribute.nla_len > size - sizeof message) break;
    if (attribute.nla_type == INET_DIAG_SKV6ONLY && attribute.nla_len > NLA_HDRLEN) {
      listener.v6only = attributes[at + NLA_HDRLEN] != std::byte{0};
    }
    at += NLA_ALIGN(attribute.nla_len);
  }
  return listener;
}

/// Reads one datagram of the answer. Returns errno when the kernel refused, nothing while there is more to come, 0 at
/// the end.
std::optional<int> read_answer(const os::Fd& diag_socket, std::uint16_t port, std::vector<Listener>& found) {
  alignas(nlmsghdr) std::array<std::byte, 32U << 10U> answer;
  ssize_t got = 0;
  do {
    got = ::recv(diag_socket.get(), answer.data(), answer.size(), 0);
  } while (got < 0 && errno == EINTR);
  auto left = static_cast<unsigned>(os::check(got, "recv sock_diag"));
  for (const auto* message = reinterpret_cast<const nlmsghdr*>(answer.data()); NLMSG_OK(message, left);) {
    const void* const payload = message + 1;
    const std::size_t size = message->nlmsg_len - sizeof *message;
    if (message->nlmsg_type == NLMSG_DONE) return 0;
    if (message->nlmsg_type == NLMSG_ERROR) {
      return size < sizeof(nlmsgerr) ? EBADMSG : -static_cast<const nlmsgerr*>(payload)->error;
    }
    if (message->nlmsg_type == SOCK_DIAG_BY_FAMILY && size >= sizeof(inet_diag_msg)) {
      const auto& socket = *static_cast<const inet_diag_msg*>(payload);
      if (ntohs(socket.id.idiag_sport) == port) found.push_back(read_listener(socket, size));
    }
    const unsigned step = NLMSG_ALIGN(message->nlmsg_len);
    if (step > left) break;
    left -= step;
    message = reinterpret_cast<const nlmsghdr*>(reinterpret_cast<const std::byte*>(message) + step);
  }
  return std::nullopt;
}

/// Returns errno of the kernel's refusal, or 0.
int ask(const os::Fd& diag_socket, const Question& question, std::uint16_t port, std::vector<Listener>& found) {
  ssize_t sent = 0;
  do {
    sent = ::send(diag_socket.get(), &question, sizeof question, 0);
  } while (sent < 0 && errno == EINTR);
  os::check(sent, "send sock_diag");
  for (;;) {
    if (const std::optional<int> end = read_answer(diag_socket, port, found)) return *end;
  }
}

}  // namespace

std::vector<Listener> find_listeners(const os::Fd& diag_socket, std::uint16_t port, ReadyListen::Protocol protocol) {
  std::vector<Listener> found;
  if (const int error = ask(diag_socket, make_question(AF_INET, port, protocol), port, found)) {
    os::throw_errno(error, protocol == ReadyListen::Protocol::tcp ? "sock_diag tcp" : "sock_diag udp");
  }
  // A kernel without IPv6 has no such listeners; it refuses the question in several ways.
  ask(diag_socket, make_question(AF_INET6, port, protocol), port, found);
  return found;
}

std::string to_string(const Listener& listener, std::uint16_t port) {
  const bool is_v6 = listener.family == AF_INET6;
  return (is_v6 ? '[' + listener.address + ']' : listener.address) + ':' + std::to_string(port);
}

}  // namespace dummynet

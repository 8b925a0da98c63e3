#include "dummynet/net/netlink.hpp"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "dummynet/os/check.hpp"

namespace dummynet::net {

namespace {

// The kernel hands out dumps in pieces of at most 32 KiB, and only if the reader has room for them.
constexpr std::size_t kAnswerBytes = 32U << 10U;
// Every refusal takes room in the socket's receive buffer (208 KiB by default), at worst some 2 KiB each.
constexpr std::size_t kMaxBatch = 64;

/// The text the kernel put behind an error, or nothing: NETLINK_EXT_ACK.
std::string extended_text(const nlmsghdr* message) {
  if ((message->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
  std::size_t offset = sizeof *error;
  // Uncapped, the request's payload stands before the attributes.
  if ((message->nlmsg_flags & NLM_F_CAPPED) == 0 && error->error != 0) offset += mnl_nlmsg_get_payload_len(&error->msg);
  if (offset > mnl_nlmsg_get_payload_len(message)) return {};
  std::string text;
  const auto take_text = [](const nlattr* attribute, void* destination) {
    if (mnl_attr_get_type(attribute) != NLMSGERR_ATTR_MSG) return MNL_CB_OK;
    const std::string_view value{mnl_attr_get_str(attribute), mnl_attr_get_payload_len(attribute)};
    *static_cast<std::string*>(destination) = value.substr(0, value.find('\0'));
    return MNL_CB_STOP;
  };
  mnl_attr_parse(message, static_cast<unsigned>(offset), take_text, &text);
  return text;
}

/// errno of an NLMSG_ERROR, 0 for an acknowledgement.
int error_of(const nlmsghdr* message) {
  if (mnl_nlmsg_get_payload_len(message) < sizeof(nlmsgerr)) return EBADMSG;
  return -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message))->error;
}

[[noreturn]] void throw_refusal(const nlmsghdr* message, const std::string& object) {
  const std::string text = extended_text(message);
  os::throw_errno(error_of(message), text.empty() ? object : object + ": " + text);
}

}  // namespace

NetlinkRequest::NetlinkRequest(std::uint16_t type, std::uint16_t flags, std::string object, std::size_t room)
    : buffer_{std::make_unique<std::byte[]>(room)}, room_{room}, object_{std::move(object)} {
  nlmsghdr* const header = mnl_nlmsg_put_header(buffer_.get());
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
}

NetlinkRequest::NetlinkRequest(const nlmsghdr& message, std::string object)
    : buffer_{std::make_unique<std::byte[]>(MNL_ALIGN(message.nlmsg_len))},
      room_{MNL_ALIGN(message.nlmsg_len)},
      object_{std::move(object)} {
  std::memcpy(buffer_.get(), &message, message.nlmsg_len);
}

nlmsghdr* NetlinkRequest::message() noexcept { return reinterpret_cast<nlmsghdr*>(buffer_.get()); }

std::string NetlinkRequest::bytes() const {
  const auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.get());
  return {reinterpret_cast<const char*>(buffer_.get()), MNL_ALIGN(message->nlmsg_len)};
}

void* NetlinkRequest::append_header(std::size_t bytes) {
  if (message()->nlmsg_len + MNL_ALIGN(bytes) > room_) throw std::length_error{"netlink request: " + object_};
  return mnl_nlmsg_put_extra_header(message(), bytes);
}

void NetlinkRequest::put(std::uint16_t attribute, std::string_view text) {
  const std::string terminated{text};
  if (!mnl_attr_put_check(message(), room_, attribute, terminated.size() + 1, terminated.c_str())) {
    throw std::length_error{"netlink request: " + object_};
  }
}

void NetlinkRequest::put_u32(std::uint16_t attribute, std::uint32_t value) {
  if (!mnl_attr_put_u32_check(message(), room_, attribute, value)) {
    throw std::length_error{"netlink request: " + object_};
  }
}

void NetlinkRequest::put_u8(std::uint16_t attribute, std::uint8_t value) { put_bytes(attribute, {&value, 1}); }

void NetlinkRequest::put_u16(std::uint16_t attribute, std::uint16_t value) {
  if (!mnl_attr_put_u16_check(message(), room_, attribute, value)) {
    throw std::length_error{"netlink request: " + object_};
  }
}

void NetlinkRequest::put_be16(std::uint16_t attribute, std::uint16_t value) { put_u16(attribute, htons(value)); }

void NetlinkRequest::put_bytes(std::uint16_t attribute, std::span<const std::uint8_t> bytes) {
  if (!mnl_attr_put_check(message(), room_, attribute, bytes.size(), bytes.data())) {
    throw std::length_error{"netlink request: " + object_};
  }
}

void NetlinkRequest::append_bytes(std::span<const std::uint8_t> bytes) {
  std::memcpy(append_header(bytes.size()), bytes.data(), bytes.size());
}

NetlinkRequest::Nest::Nest(NetlinkRequest& request, std::uint16_t attribute) : request_{request} {
  const nlattr* const start = mnl_attr_nest_start_check(request.message(), request.room_, attribute);
  if (start == nullptr) throw std::length_error{"netlink request: " + request.object_};
  start_ = static_cast<std::size_t>(reinterpret_cast<const std::byte*>(start) - request.buffer_.get());
}

NetlinkRequest::Nest::~Nest() {
  mnl_attr_nest_end(request_.message(), reinterpret_cast<nlattr*>(request_.buffer_.get() + start_));
}

NetlinkSocket::NetlinkSocket(os::Fd socket) : socket_{std::move(socket)} {
  const int on = 1;
  // Both only make messages better or shorter; a kernel that does not know them still answers.
  ::setsockopt(socket_.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  ::setsockopt(socket_.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
}

void NetlinkSocket::send(std::span<NetlinkRequest* const> requests) {
  std::vector<iovec> pieces;
  pieces.reserve(requests.size());
  for (NetlinkRequest* request : requests) {
    nlmsghdr* const message = request->message();
    message->nlmsg_seq = ++sequence_;
    pieces.push_back({message, MNL_ALIGN(message->nlmsg_len)});
  }
  msghdr envelope{};
  envelope.msg_iov = pieces.data();
  envelope.msg_iovlen = pieces.size();
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket_.get(), &envelope, 0);
  } while (sent < 0 && errno == EINTR);
  os::check(sent, "send to netlink:", requests.front()->object());
}

std::span<const std::byte> NetlinkSocket::receive(std::span<std::byte> answer) {
  ssize_t got = 0;
  do {
    // MSG_TRUNC: the true length, so that a cut answer is noticed.
    got = ::recv(socket_.get(), answer.data(), answer.size(), MSG_TRUNC);
  } while (got < 0 && errno == EINTR);
  os::check(got, "recv rtnetlink");
  if (static_cast<std::size_t>(got) > answer.size()) os::throw_errno(EMSGSIZE, "recv rtnetlink");
  return answer.first(static_cast<std::size_t>(got));
}

/// Reads until the last one has its acknowledgement, or throws the first refusal. They were sent just now.
void NetlinkSocket::await_answer_to_last(std::span<NetlinkRequest* const> requests) {
  alignas(nlmsghdr) std::array<std::byte, kAnswerBytes> buffer;
  const std::uint32_t first = requests.front()->message()->nlmsg_seq;
  for (bool answered = false; !answered;) {
    const std::span<const std::byte> answer = receive(buffer);
    int rest = static_cast<int>(answer.size());
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(answer.data()); mnl_nlmsg_ok(message, rest);
         message = mnl_nlmsg_next(message, &rest)) {
      const std::uint32_t index = message->nlmsg_seq - first;
      if (message->nlmsg_type != NLMSG_ERROR || index >= requests.size()) continue;  // left over from an earlier throw
      if (error_of(message) != 0) throw_refusal(message, requests[index]->object());
      answered = index == requests.size() - 1;
    }
  }
}

void NetlinkSocket::run(std::span<NetlinkRequest> requests) {
  std::vector<NetlinkRequest*> batch;
  while (!requests.empty()) {
    const std::size_t size = std::min(requests.size(), kMaxBatch);
    batch.clear();
    for (NetlinkRequest& request : requests.first(size)) batch.push_back(&request);
    requests = requests.subspan(size);
    batch.back()->message()->nlmsg_flags |= NLM_F_ACK;
    send(batch);
    await_answer_to_last(batch);
  }
}

void NetlinkSocket::run_transaction(std::span<NetlinkRequest> requests) {
  if (requests.empty()) return;
  const auto border = [&](std::uint16_t type) {
    NetlinkRequest request{type, 0, requests.front().object()};
    request.header<nfgenmsg>().res_id = htons(NFNL_SUBSYS_NFTABLES);
    return request;
  };
  NetlinkRequest begin = border(NFNL_MSG_BATCH_BEGIN);
  NetlinkRequest end = border(NFNL_MSG_BATCH_END);
  requests.back().message()->nlmsg_flags |= NLM_F_ACK;
  std::vector<NetlinkRequest*> batch{&begin};
  for (NetlinkRequest& request : requests) batch.push_back(&request);
  batch.push_back(&end);
  send(batch);
  batch.pop_back();  // never acknowledged by many kernels
  await_answer_to_last(batch);
}

bool NetlinkSocket::dump_once(NetlinkRequest& request, const std::function<void(const nlmsghdr*)>& visit) {
  alignas(nlmsghdr) std::array<std::byte, kAnswerBytes> buffer;
  bool consistent = true;
  NetlinkRequest* const only = &request;
  send({&only, 1});
  for (;;) {
    const std::span<const std::byte> answer = receive(buffer);
    int rest = static_cast<int>(answer.size());
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(answer.data()); mnl_nlmsg_ok(message, rest);
         message = mnl_nlmsg_next(message, &rest)) {
      if (message->nlmsg_seq != sequence_) continue;
      if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) consistent = false;
      if (message->nlmsg_type == NLMSG_ERROR && error_of(message) != 0) throw_refusal(message, request.object());
      if (message->nlmsg_type == NLMSG_DONE) return consistent;
      if (message->nlmsg_type >= NLMSG_MIN_TYPE) visit(message);
    }
  }
}

void NetlinkSocket::dump(NetlinkRequest& request, const std::function<void(const nlmsghdr*)>& visit) {
  request.message()->nlmsg_flags |= NLM_F_DUMP;
  while (!dump_once(request, visit)) visit(nullptr);
}

}  // namespace dummynet::net

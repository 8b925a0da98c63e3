#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "dummynet/os/fd.hpp"

struct nlmsghdr;

namespace dummynet::net {

/// One rtnetlink request: netlink(7), rtnetlink(7). `object` names what it is about in errors: "veth client:eth0".
///
///     NetlinkRequest request{RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "bridge hub:br0"};
///     request.header<ifinfomsg>().ifi_index = 7;
///     request.put(IFLA_IFNAME, "br0");
///     const auto info = request.nest(IFLA_LINKINFO);
///     request.put(IFLA_INFO_KIND, "bridge");
///
/// What does not fit throws std::length_error; nothing is ever cut off.
class NetlinkRequest {
 public:
  static constexpr std::size_t kUsualBytes = 1024;
  /// `room`: for all of it, in bytes.
  NetlinkRequest(std::uint16_t type, std::uint16_t flags, std::string object, std::size_t room = kUsualBytes);
  /// A message that somebody else has put together.
  NetlinkRequest(const nlmsghdr& message, std::string object);

  /// Appends a zeroed header of a family (ifinfomsg, ifaddrmsg …), aligned. The reference lives as long as the request.
  template <typename Header>
  Header& header() {
    return *static_cast<Header*>(append_header(sizeof(Header)));
  }
  void put(std::uint16_t attribute, std::string_view text);  ///< with a NUL at its end
  void put_u32(std::uint16_t attribute, std::uint32_t value);
  void put_u8(std::uint16_t attribute, std::uint8_t value);
  void put_u16(std::uint16_t attribute, std::uint16_t value);
  /// The same in network order.
  void put_be16(std::uint16_t attribute, std::uint16_t value);
  void put_bytes(std::uint16_t attribute, std::span<const std::uint8_t> bytes);
  /// As they are, without an attribute's header: for the few attributes that begin with a struct.
  void append_bytes(std::span<const std::uint8_t> bytes);

  /// Attributes put while this lives go inside.
  class Nest {
   public:
    Nest(NetlinkRequest& request, std::uint16_t attribute);
    ~Nest();
    Nest(const Nest&) = delete;
    Nest& operator=(const Nest&) = delete;

   private:
    NetlinkRequest& request_;
    std::size_t start_;
  };
  [[nodiscard]] Nest nest(std::uint16_t attribute) { return Nest{*this, attribute}; }

  const std::string& object() const noexcept { return object_; }
  /// As it is sent, but for its sequence number.
  std::string bytes() const;

 private:
  friend class NetlinkSocket;
  void* append_header(std::size_t bytes);
  nlmsghdr* message() noexcept;

  std::unique_ptr<std::byte[]> buffer_;  // not a vector: nothing points into what might move
  std::size_t room_;
  std::string object_;
};

/// Talks rtnetlink, or nfnetlink, over a socket that somebody opened, maybe in another network namespace.
class NetlinkSocket {
 public:
  /// A blocking NETLINK_ROUTE or NETLINK_NETFILTER socket that nobody has used yet. Asks it for extended error texts.
  explicit NetlinkSocket(os::Fd socket);

  /// Carries out all requests, in order, many per system call; only the last of a batch is acknowledged, since a
  /// refusal is always told. Throws std::system_error for the first that was refused: "OBJECT: kernel's own words:
  /// errno's text". The kernel goes on after a refusal, so what follows it in the batch may be done or not.
  void run(std::span<NetlinkRequest> requests);

  /// Carries out all or nothing, as nftables does: between NFNL_MSG_BATCH_BEGIN and END, in one system call. Refusals
  /// as above.
  void run_transaction(std::span<NetlinkRequest> requests);

  /// Asks for a list (NLM_F_DUMP is added) and shows each message of the answer. One that changed while it was being
  /// read is asked for again: `visit` then sees a new pass, announced by a null pointer.
  void dump(NetlinkRequest& request, const std::function<void(const nlmsghdr*)>& visit);

 private:
  std::span<const std::byte> receive(std::span<std::byte> answer);
  void send(std::span<NetlinkRequest* const> requests);
  void await_answer_to_last(std::span<NetlinkRequest* const> requests);
  bool dump_once(NetlinkRequest& request, const std::function<void(const nlmsghdr*)>& visit);

  os::Fd socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace dummynet::net

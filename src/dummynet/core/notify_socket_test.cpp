#include "dummynet/core/notify_socket.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <system_error>

namespace dummynet {
namespace {

os::Fd open_unix() { return os::Fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)}; }

/// What sd_notify(3) does with $NOTIFY_SOCKET, with a descriptor if that is given.
void notify(const std::string& address, std::string_view text, int descriptor = -1) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, address.data(), address.size());
  name.sun_path[0] = '\0';
  iovec piece{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_name = &name;
  message.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  }
  const os::Fd socket = open_unix();
  ASSERT_EQ(::sendmsg(socket.get(), &message, MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

TEST(NotifyMessage, HoldsSeveralLines) {
  EXPECT_EQ(parse_notify_message("READY=1"), (NotifyMessage{true, false, std::nullopt}));
  EXPECT_EQ(parse_notify_message("STATUS=10 %\nMAINPID=7\nREADY=1\n"), (NotifyMessage{true, false, "10 %"}));
  EXPECT_EQ(parse_notify_message("STOPPING=1\nSTATUS=a=b\nSTATUS="), (NotifyMessage{false, true, ""}));
}

TEST(NotifyMessage, IsNotReadyByAccident) {
  for (const char* text : {"", "\n\n", "READY=0", "READY=11", "READY", "XREADY=1", "STATUS=READY=1", " READY=1"}) {
    EXPECT_FALSE(parse_notify_message(text).is_ready) << text;
  }
}

TEST(NotifySocket, ReceivesDatagramsInOrder) {
  NotifySocket socket{open_unix()};
  EXPECT_EQ(socket.receive(), std::nullopt);

  notify(socket.address(), "STATUS=starting");
  notify(socket.address(), "READY=1\nSTATUS=serving");

  EXPECT_EQ(socket.receive(), (NotifyMessage{false, false, "starting"}));
  EXPECT_EQ(socket.receive(), (NotifyMessage{true, false, "serving"}));
  EXPECT_EQ(socket.receive(), std::nullopt);
}

TEST(NotifySocket, HasANameOfItsOwn) {
  const NotifySocket one{open_unix()};
  const NotifySocket other{open_unix()};

  EXPECT_TRUE(one.address().starts_with('@'));
  EXPECT_NE(one.address(), other.address());
}

TEST(NotifySocket, LetsGoOfDescriptorsAsABarrierExpects) {
  NotifySocket socket{open_unix()};
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const os::Fd reader{ends[0]};
  os::Fd writer{ends[1]};
  notify(socket.address(), "BARRIER=1", writer.get());
  writer.reset();

  EXPECT_EQ(socket.receive(), NotifyMessage{});

  pollfd watch{reader.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&watch, 1, 0), 1);
  EXPECT_NE(watch.revents & POLLHUP, 0);
}

TEST(NotifySocket, DropsMonstersAndGoesOn) {
  NotifySocket socket{open_unix()};
  notify(socket.address(), "READY=1\n" + std::string(10'000, 'x'));
  notify(socket.address(), "STATUS=still here");

  EXPECT_EQ(socket.receive(), (NotifyMessage{false, false, "still here"}));
}

TEST(NotifySocket, RefusesAnotherKindOfSocket) {
  EXPECT_THROW(NotifySocket{os::Fd{::socket(AF_INET, SOCK_DGRAM, 0)}}, std::system_error);
}

}  // namespace
}  // namespace dummynet

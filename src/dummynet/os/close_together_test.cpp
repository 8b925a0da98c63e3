#include "dummynet/os/close_together.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>

#include "dummynet/os/message_socket.hpp"

namespace dummynet::os {
namespace {

TEST(CloseTogether, ClosesEachOnce) {
  for (const std::size_t count : {0U, 1U, 2U, 200U}) {
    std::vector<Fd> ours;
    std::vector<Fd> theirs;
    for (std::size_t i = 0; i < count; ++i) {
      auto [one, other] = make_message_sockets();
      ours.push_back(std::move(one));
      theirs.push_back(std::move(other));
    }

    close_together(std::move(theirs));

    for (const Fd& one : ours) {
      char byte = 0;
      EXPECT_EQ(::recv(one.get(), &byte, 1, MSG_DONTWAIT), 0) << "the other end is gone";
      EXPECT_GE(::fcntl(one.get(), F_GETFD), 0);
    }
  }
}

}  // namespace
}  // namespace dummynet::os

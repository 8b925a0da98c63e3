#include "dummynet/core/ready.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "dummynet/core/process_handle.hpp"

namespace dummynet {
namespace {

TEST(Ready, SaysWhatIsWaitedFor) {
  EXPECT_EQ(to_string(Ready::listen(5201)), "tcp port 5201 to listen");
  EXPECT_EQ(to_string(Ready::listen(53, ReadyListen::Protocol::udp)), "udp port 53 to be bound");
  EXPECT_EQ(to_string(Ready::log("ready$")), "a line that matches /ready$/");
  EXPECT_EQ(to_string(Ready::exec({"test", "-e", "a b"})), "this command to succeed: test -e 'a b'");
  EXPECT_EQ(to_string(Ready::file("run/pid")), "the file run/pid");
  EXPECT_EQ(to_string(Ready::http("http://localhost/")), "an answer from http://localhost/");
  EXPECT_EQ(to_string(Ready::notify()), "READY=1 on $NOTIFY_SOCKET");
}

TEST(ProcessHandle, RefusesToNameNothing) {
  const ProcessHandle empty;

  EXPECT_FALSE(empty);
  EXPECT_THROW(*empty, std::logic_error);
}

}  // namespace
}  // namespace dummynet

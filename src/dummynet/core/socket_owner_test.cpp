#include "dummynet/core/socket_owner.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "dummynet/os/fd.hpp"

namespace dummynet {
namespace {

std::uint64_t inode_of(const os::Fd& socket) {
  struct stat status {};
  EXPECT_EQ(::fstat(socket.get(), &status), 0);
  return status.st_ino;
}

/// A child that holds a socket nobody else has.
class Holder {
 public:
  Holder() {
    std::array<int, 2> report{};
    EXPECT_EQ(::pipe(report.data()), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_NAME, "the holder");
      const os::Fd socket{::socket(AF_INET, SOCK_DGRAM, 0)};
      const std::uint64_t inode = inode_of(socket);
      if (::write(report[1], &inode, sizeof inode) != sizeof inode) ::_exit(1);
      for (;;) ::pause();
    }
    ::close(report[1]);
    EXPECT_EQ(::read(report[0], &inode_, sizeof inode_), static_cast<ssize_t>(sizeof inode_));
    ::close(report[0]);
  }
  ~Holder() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  pid_t pid() const { return pid_; }
  std::uint64_t inode() const { return inode_; }

 private:
  pid_t pid_ = 0;
  std::uint64_t inode_ = 0;
};

TEST(SocketOwner, IsFoundAmongTheCandidates) {
  const Holder holder;
  const std::array candidates{::getpid(), holder.pid()};

  EXPECT_EQ(find_socket_owner(holder.inode(), candidates), (SocketOwner{holder.pid(), "the holder"}));
}

TEST(SocketOwner, IsFoundAmongAllOthers) {
  const Holder holder;
  const std::array candidates{::getpid()};

  EXPECT_EQ(find_socket_owner(holder.inode(), candidates), (SocketOwner{holder.pid(), "the holder"}));
}

TEST(SocketOwner, IsTheCandidateWhenOthersHoldItToo) {
  const os::Fd shared{::socket(AF_INET, SOCK_DGRAM, 0)};
  const Holder heir;  // inherits the descriptor
  const std::array candidates{heir.pid()};

  const auto owner = find_socket_owner(inode_of(shared), candidates);

  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->pid, heir.pid());
}

TEST(SocketOwner, IsNobodyForASocketThatIsClosed) {
  os::Fd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const std::uint64_t inode = inode_of(socket);
  socket.reset();

  EXPECT_EQ(find_socket_owner(inode), std::nullopt);
}

}  // namespace
}  // namespace dummynet

#include "dummynet/net/netns.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "dummynet/net/link_request.hpp"
#include "dummynet/os/check.hpp"
#include "dummynet/os/proc_scan.hpp"

namespace dummynet::net {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kKillDeadline = 10s;
constexpr auto kSettleDeadline = 5s;
constexpr auto kShortPause = 500us;

/// Waits for the end of who holds this pidfd.
bool has_ended(const os::Fd& pidfd, Clock::time_point deadline) {
  for (;;) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd watched{pidfd.get(), POLLIN, 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(rest.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) os::throw_errno(errno, "poll a pidfd");
  }
}

}  // namespace

Netns::Netns(Warden& warden, std::string name, int node, os::Fd fd, os::Fd rtnetlink)
    : warden_{warden}, name_{std::move(name)}, node_{node}, fd_{std::move(fd)}, rtnetlink_{std::move(rtnetlink)} {
  struct stat status {};
  os::check(::fstat(fd_.get(), &status), "fstat a network namespace");
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

std::shared_ptr<Netns> Netns::make(Warden& warden, const std::string& name) {
  Warden::Node node;
  warden.make_nodes(
      1,
      [&](std::size_t) {
        return Warden::NodeSetup{name, {}, {}};
      },
      [&](std::size_t, Warden::Node made) { node = std::move(made); });
  std::shared_ptr<Netns> made{
      new Netns{warden, name, node.id, std::move(node.netns), std::move(node.rtnetlink)}};  // NOLINT: private
  NetlinkRequest up = set_up(kLoopbackIndex, made->object("lo"));
  made->rtnetlink().run({&up, 1});
  return made;
}

std::shared_ptr<Netns> Netns::root(Warden& warden) {
  os::Fd socket = warden.open_socket(-1, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  // The namespace of a socket: nothing else of it is within our reach.
  os::Fd fd{os::check(::ioctl(socket.get(), SIOCGSKNS), "ioctl SIOCGSKNS")};
  ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  return std::shared_ptr<Netns>{new Netns{warden, {}, -1, std::move(fd), std::move(socket)}};  // NOLINT: private
}

std::string Netns::object(const std::string& interface) const {
  return name_.empty() ? interface : name_ + ':' + interface;
}

os::Fd Netns::open_socket(int domain, int type, int protocol) const {
  return warden_.open_socket(node_, domain, type, protocol);
}

std::vector<LinkInfo> Netns::links() { return list_link_infos(rtnetlink_, name_.empty() ? "the root" : name_); }

std::optional<LinkInfo> Netns::find_link(const std::string& kernel_name) {
  std::vector<LinkInfo> all = links();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const LinkInfo& one) { return one.kernel_name == kernel_name; });
  if (found == all.end()) return std::nullopt;
  return std::move(*found);
}

void Netns::settle() {
  const auto deadline = Clock::now() + kSettleDeadline;
  const auto waits = [](const LinkInfo& one) { return one.is_up && one.has_carrier && !one.is_active; };
  for (;;) {
    const std::vector<LinkInfo> all = links();
    if (std::none_of(all.begin(), all.end(), waits) || Clock::now() > deadline) return;
    std::this_thread::sleep_for(kShortPause);  // nothing tells; it takes microseconds on an idle machine
  }
}

bool Netns::holds(pid_t pid) const {
  struct stat status {};
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/net";
  return ::stat(path.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
}

std::vector<pid_t> Netns::processes() const {
  std::vector<pid_t> found;
  for (const os::ProcessStat& one : os::read_processes()) {
    if (one.state != 'Z' && holds(one.pid)) found.push_back(one.pid);
  }
  return found;
}

bool Netns::kill(pid_t pid) const {
  const os::Fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U))};
  // Only now is it sure to be this one: the number may have been another's before.
  if (!pidfd || !holds(pid)) return false;
  if (::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0U) != 0 && errno != ESRCH) {
    os::throw_errno(errno, "kill " + std::to_string(pid) + " in " + name_);
  }
  if (!has_ended(pidfd, Clock::now() + kKillDeadline)) {
    os::throw_errno(ETIMEDOUT, "wait for the end of " + std::to_string(pid) + " in " + name_);
  }
  return true;
}

void Netns::kill_all() const {
  const auto deadline = Clock::now() + kKillDeadline;
  for (;;) {
    const std::vector<pid_t> all = processes();
    if (all.empty()) return;
    // All at once first: one that is waited for might start others meanwhile.
    for (const pid_t pid : all) {
      const os::Fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U))};
      if (pidfd && holds(pid)) ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0U);
    }
    for (const pid_t pid : all) kill(pid);
    if (Clock::now() > deadline) os::throw_errno(ETIMEDOUT, "kill all processes in " + name_);
  }
}

void Netns::drop() {
  if (dropped_) return;
  dropped_ = true;
  fd_.reset();
  rtnetlink_ = NetlinkSocket{os::Fd{}};
  if (!is_root()) warden_.drop_node(node_);
}

}  // namespace dummynet::net

#include "dummynet/warden/undo_list.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>

#include "dummynet/os/cgroup.hpp"
#include "dummynet/os/cgroup_file.hpp"
#include "dummynet/os/sysctl.hpp"

namespace dummynet::warden {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxMessage = 16U << 10U;  // a netlink request has 1 KiB at most, a path 4
constexpr auto kCgroupPatience = 5s;

/// Whether there was something to be undone does not matter: the answer is awaited so that it is done, not read.
void send_request(const std::string& request) {
  nlmsghdr header{};
  if (request.size() < sizeof header) return;
  std::memcpy(&header, request.data(), sizeof header);
  header.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
  std::string bytes = request;
  std::memcpy(bytes.data(), &header, sizeof header);
  const os::Fd socket{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
  if (!socket || ::send(socket.get(), bytes.data(), bytes.size(), 0) < 0) return;
  char answer[4096];
  [[maybe_unused]] const ssize_t ignored = ::recv(socket.get(), answer, sizeof answer, 0);
}

void remove_cgroup(const std::string& directory) {
  const std::size_t slash = directory.rfind('/');
  if (slash == std::string::npos || slash == 0) return;
  const os::Fd parent{::open(directory.substr(0, slash).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!parent) return;
  const auto deadline = std::chrono::steady_clock::now() + kCgroupPatience;
  const std::string members = directory + "/cgroup.procs";
  // A group of v2 whose controllers are handed on takes no processes: then to our own, which has some.
  const std::string own = os::Cgroup::where_am_i();
  const os::Fd refuge{own.empty() ? -1 : ::open(own.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  while (std::chrono::steady_clock::now() < deadline) {
    const auto inside = os::read_cgroup_file(AT_FDCWD, members.c_str());
    if (!inside) return;
    for (const int pid : os::parse_cgroup_pids(*inside)) {
      if (os::try_write_cgroup_file(parent.get(), "cgroup.procs", std::to_string(pid)) != 0 && refuge) {
        os::try_write_cgroup_file(refuge.get(), "cgroup.procs", std::to_string(pid));
      }
    }
    if (os::remove_cgroup_tree(parent.get(), directory.substr(slash + 1))) return;
    ::poll(nullptr, 0, 1);  // a zombie in there goes when its parent has looked at it
  }
}

void carry_out(const Undo& undo) {
  switch (undo.kind) {
    case Undo::Kind::netlink:
      return send_request(undo.object);
    case Undo::Kind::sysctl:
      return os::set_sysctl(undo.object, undo.value);
    case Undo::Kind::cgroup:
      return remove_cgroup(undo.object);
  }
}

}  // namespace

void UndoList::listen(const os::Fd& warden) {
  std::string buffer(kMaxMessage, '\0');
  for (;;) {
    const ssize_t length = ::recv(warden.get(), buffer.data(), buffer.size(), 0);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return;
    const auto header = parse_header({buffer.data(), static_cast<std::size_t>(length)});
    if (!header) continue;
    if (header->type == Type::keep_undo) {
      if (auto undo = parse<Undo>(header->body)) undos_.push_back(std::move(*undo));
    } else if (header->type == Type::forget_undo) {
      const auto forget = parse<ForgetUndo>(header->body);
      if (forget) std::erase_if(undos_, [&](const Undo& one) { return one.number == forget->number; });
    }
  }
}

void UndoList::run() noexcept {
  for (; !undos_.empty(); undos_.pop_back()) {
    try {
      carry_out(undos_.back());
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the next one may still succeed
    }
  }
}

}  // namespace dummynet::warden

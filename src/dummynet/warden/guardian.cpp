#include "dummynet/warden/guardian.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>
#include <vector>

#include "dummynet/os/cgroup_v1.hpp"
#include "dummynet/os/proc_scan.hpp"
#include "dummynet/os/run_directory.hpp"
#include "dummynet/warden/protocol.hpp"
#include "dummynet/warden/undo_list.hpp"

namespace dummynet::warden {

namespace {

using namespace std::chrono_literals;

constexpr auto kEndPatience = 10s;
constexpr int kRoundsAtOnce = 1000;
constexpr int kRoundsRefused = 20;

bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) == 0 || errno != ECHILD;
}

// False when there are some and none of them may be killed: set-uid programs that are another user's by now.
bool kill_children() {
  std::vector<pid_t> children;
  if (auto listed = os::read_children()) {
    children = std::move(*listed);
  } else {
    for (const os::ProcessStat& one : os::read_processes()) {
      if (one.parent == ::getpid()) children.push_back(one.pid);
    }
  }
  bool any = children.empty();
  for (const pid_t pid : children) any = (::kill(pid, SIGKILL) == 0 || errno != EPERM) || any;
  return any;
}

bool remove_cgroups(CgroupPool* cgroups, const std::string& run) {
  try {
    const bool v2_gone = cgroups == nullptr || cgroups->destroy();
    return (run.empty() || os::CgroupV1::remove_own_children(memory_cgroup_prefix(run))) && v2_gone;
  } catch (const std::system_error&) {
    return false;  // not ours to remove; nobody is left who could be told
  }
}

void end_everything(CgroupPool* cgroups, const std::string& run) {
  const auto deadline = std::chrono::steady_clock::now() + kEndPatience;
  int refused = 0;
  for (int round = 0;; ++round) {
    if (cgroups != nullptr) cgroups->kill_all();
    refused = kill_children() || cgroups != nullptr ? 0 : refused + 1;
    const bool childless = !has_children();
    if (childless && remove_cgroups(cgroups, run)) return;
    if (refused == kRoundsRefused || std::chrono::steady_clock::now() > deadline) return;
    // Chains of processes that fork and exit are outrun by looking again at once.
    if (childless || round > kRoundsAtOnce) ::poll(nullptr, 0, 1);
  }
}

}  // namespace

Split split_from_guardian() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return {};
  os::Fd reader{ends[0]};
  os::Fd writer{ends[1]};
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // before there is a child that could be killed
  const pid_t guardian = ::getpid();
  const pid_t child = ::fork();
  if (child > 0) return {guardian, std::move(reader), {}};
  if (child < 0) return {};
  return {guardian, {}, std::move(writer)};
}

void guard(const os::Fd& warden, CgroupPool* cgroups, const std::string& run, const std::string& directory) {
  ::prctl(PR_SET_NAME, "dummynet-guard");
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) ::signal(signal, SIG_IGN);
  ::signal(SIGCHLD, SIG_IGN);  // children go without being waited for
  UndoList undo;
  undo.listen(warden);
  end_everything(cgroups, run);
  undo.run();
  if (!directory.empty()) os::remove_run_directory(directory);
}

}  // namespace dummynet::warden

// Kernels and filters that refuse what the library would like best: each refusal is made real by seccomp(2) or by the
// system's own switches, and everything else of the contract has to hold all the same.
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/core/warden.hpp"
#include "dummynet/os/cgroup.hpp"
#include "dummynet/os/check.hpp"
#include "support/life.hpp"
#include "support/monitor_test.hpp"
#include "support/owner_process.hpp"
#include "support/system_call_filter.hpp"

namespace dummynet::test {

namespace {

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

void use_installed_warden() {
  ::setenv("DUMMYNET_WARDEN", (std::string{DUMMYNET_BIN_DIR} + "/../libexec/dummynet/dummynet-warden").c_str(), 1);
}

void have_own_mounts() {
  os::check(::unshare(CLONE_NEWNS), "unshare");
  os::check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount / private");
}

void make_cgroups_unwritable() {
  const std::string own = os::Cgroup::where_am_i();
  if (own.empty()) return;
  have_own_mounts();
  // The mount that shows it, read-only; where that is the root of the hierarchy or above does not matter.
  os::check(::mount(own.c_str(), own.c_str(), nullptr, MS_BIND | MS_REC, nullptr), "mount", own);
  os::check(::mount(nullptr, own.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), "remount", own);
  const std::string parent = own.substr(0, own.rfind('/'));
  if (::mount(parent.c_str(), parent.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0) {
    os::check(::mount(nullptr, parent.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), "remount", parent);
  }
}

void make_tmp_noexec() {
  have_own_mounts();
  // Where our own programs lie stays as it is, even if that is below.
  os::check(::mount(DUMMYNET_BIN_DIR, DUMMYNET_BIN_DIR, nullptr, MS_BIND, nullptr), "mount", DUMMYNET_BIN_DIR);
  for (const char* folder : {"/tmp", "/dev/shm"}) {
    // Still the same files: only nothing of them can be executed by its path any more.
    os::check(::mount(folder, folder, nullptr, MS_BIND | MS_REC, nullptr), "mount", folder);
    os::check(::mount(nullptr, folder, nullptr, MS_BIND | MS_REMOUNT | MS_NOEXEC, nullptr), "remount", folder);
  }
}

struct Refusal {
  const char* name;
  std::function<void()> prepare;
  bool needs_root = false;
};

std::ostream& operator<<(std::ostream& out, const Refusal& refusal) { return out << refusal.name; }

std::function<void()> refusing(std::vector<RefusedCall> calls, bool installed_warden = false) {
  return [calls, installed_warden] {
    if (installed_warden) use_installed_warden();
    refuse_calls(calls);
  };
}

const Refusal kRefusals[] = {
    {"clone3_ENOSYS", refusing({{SYS_clone3, ENOSYS}})},
    {"clone3_EPERM", refusing({{SYS_clone3, EPERM}})},
    {"pidfd_open_ENOSYS", refusing({{SYS_pidfd_open, ENOSYS}})},
    {"pidfd_open_EPERM", refusing({{SYS_pidfd_open, EPERM}})},
    {"memfd_create_ENOSYS", refusing({{SYS_memfd_create, ENOSYS}}, true)},
    {"memfd_create_EPERM", refusing({{SYS_memfd_create, EPERM}}, true)},
    {"execveat_ENOSYS", refusing({{SYS_execveat, ENOSYS}}, true)},
    {"execveat_EACCES", refusing({{SYS_execveat, EACCES}}, true)},
    {"close_range_ENOSYS", refusing({{SYS_close_range, ENOSYS}})},
    {"epoll_pwait2_ENOSYS", refusing({{SYS_epoll_pwait2, ENOSYS}})},
    {"epoll_pwait2_EPERM", refusing({{SYS_epoll_pwait2, EPERM}})},
    {"linux_4_9", refusing({{SYS_clone3, ENOSYS},
                            {SYS_pidfd_open, ENOSYS},
                            {SYS_pidfd_send_signal, ENOSYS},
                            {SYS_pidfd_getfd, ENOSYS},
                            {SYS_close_range, ENOSYS},
                            {SYS_epoll_pwait2, ENOSYS},
                            {SYS_open_tree, ENOSYS},
                            {SYS_move_mount, ENOSYS}})},
    {"cgroups_unwritable", make_cgroups_unwritable, true},
    {"tmp_noexec", make_tmp_noexec, true},
};

using RefusalCase = std::tuple<Refusal, Kind, bool>;  // …, as an ordinary user?

std::string refusal_case_name(const testing::TestParamInfo<RefusalCase>& info) {
  return std::string{std::get<0>(info.param).name} + '_' + to_string(std::get<1>(info.param)) +
         (std::get<2>(info.param) ? "_ordinary" : "");
}

// The contract, in short.
void expect_output_and_endings(ProcessMonitor& monitor, const RunOptions& base) {
  RunOptions options = base;
  options.input = InputText{"typed\n"};
  options.env = {{"LARGE", std::string(100'000, 'x')}};  // its request does not fit into one datagram
  const RunInfo info =
      monitor.run_process("cat; echo $LARGE | wc -c; head -c 300000 /dev/zero; echo to err >&2", options);
  EXPECT_EQ(info.out.text(), "typed\n100001\n" + std::string(300'000, '\0'));
  EXPECT_EQ(info.err.text(), "to err\n");

  const auto failed = thrown<RunInfoError>([&] { monitor.run_process("exit 3", base); });
  EXPECT_EQ(failed.info().ending, dummynet::Ending{Exited{3}});
  const auto missing = thrown<StartError>([&] { monitor.run_process({"/no/such/program"}, base); });
  EXPECT_EQ(missing.step(), StartError::Step::execute);
  EXPECT_EQ(missing.error_number(), ENOENT);
  RunOptions bounded = base;
  bounded.timeout = 20ms;
  bounded.grace = 20ms;
  thrown<TimeoutError>([&] { monitor.run_process("trap '' TERM; sleep 60; sleep 60", bounded); });
}

void expect_few_descriptors(ProcessMonitor& monitor, const RunOptions& base) {
  const RunInfo info = monitor.run_process("ls /proc/self/fd | wc -l", base);
  EXPECT_EQ(info.out.text(), "4\n");  // three, and the folder itself
}

void expect_daemon_watched(ProcessMonitor& monitor, const RunOptions& base) {
  RunOptions daemon = base;
  daemon.daemon = true;
  daemon.input = InputPipe{};
  const ProcessHandle handle = monitor.run_process_async({"cat"}, daemon);
  monitor.run_process_async({"sleep", "60"}, base);
  EXPECT_TRUE(monitor.keep_running(0ms));
  handle->close_input();
  const auto group = thrown<GroupError>([&] { serve_until(monitor, [] { return false; }); });
  EXPECT_EQ(group.find<DaemonExitError>().size(), 1U);
}

void expect_nothing_left(ProcessMonitor& monitor, const RunOptions& base, Life& life) {
  RunOptions options = base;
  options.leave_tree = true;
  monitor.run_process_async({payload("payload"), "daemonise", life.path()}, options);
  ASSERT_TRUE(life.wait_up(1));
  monitor.stop(false, 50ms);
  EXPECT_TRUE(life.wait_gone(Clock::now()));
}

class FallbackTest : public MonitorTest, public testing::WithParamInterface<RefusalCase> {
 protected:
  void SetUp() override {
    if (::geteuid() != 0 && (ordinary() || refusal().needs_root)) GTEST_SKIP() << "needs root, or is covered already";
  }
  static const Refusal& refusal() { return std::get<0>(GetParam()); }
  static Kind kind() { return std::get<1>(GetParam()); }
  static bool ordinary() { return std::get<2>(GetParam()); }
  static RunOptions place(ProcessMonitor& monitor) {
    RunOptions options;
    options.drain = 20ms;
    if (kind() == Kind::sandbox) options.place.node = monitor.warden().make_node().id;
    return options;
  }
};

TEST_P(FallbackTest, HoldsTheContract) {
  Life life{path("life")};
  const auto body = [&life] {
    if (!refusal().needs_root) refusal().prepare();
    ProcessMonitor monitor{options_for(kind())};
    const RunOptions base = place(monitor);
    if (refusal().name == std::string{"cgroups_unwritable"} && kind() == Kind::plain) {
      EXPECT_EQ(monitor.containment(), Containment::subreaper);
    }
    expect_output_and_endings(monitor, base);
    expect_few_descriptors(monitor, base);
    expect_daemon_watched(monitor, base);
    expect_nothing_left(monitor, base, life);
  };
  in_child([&body] {
    if (refusal().needs_root) refusal().prepare();
    if (ordinary()) return as_nobody(body);
    body();
  });
}

// With a pidfd or without: the warden sees the owner's end, and ends everything.
TEST_P(FallbackTest, EndsWithItsOwner) {
  Life life{path("life")};
  in_child([&life] {
    if (refusal().needs_root) refusal().prepare();
    const auto body = [&life] {
      if (!refusal().needs_root) refusal().prepare();
      OwnerProcess owner{OwnerProcess::Terminal::none, [&life](const OwnerProcess::Talk& talk) {
                           ProcessMonitor monitor{options_for(kind())};
                           RunOptions options = place(monitor);
                           options.leave_tree = true;
                           monitor.run_process_async({payload("payload"), "daemonise", life.path()}, options);
                           talk.say("up");
                           talk.wait();
                         }};
      EXPECT_EQ(owner.line(), "up");
      ASSERT_TRUE(life.wait_up(1));
      owner.kill(SIGKILL);
      EXPECT_TRUE(life.wait_gone(Clock::now() + kPatience));
    };
    if (ordinary()) return as_nobody(body);
    body();
  });
}

INSTANTIATE_TEST_SUITE_P(Every, FallbackTest,
                         testing::Combine(testing::ValuesIn(kRefusals), every_kind(), testing::Bool()),
                         refusal_case_name);

// ---- what has no fallback says so

constexpr unsigned kNamespaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET;

struct Impossible {
  const char* name;
  std::vector<RefusedCall> calls;
  const char* object;           // what the error names, as root
  const char* object_ordinary;  // as an ordinary user
};

const Impossible kImpossible[] = {
    {"namespaces",
     {{SYS_unshare, EPERM, kNamespaces}, {SYS_clone, EPERM, kNamespaces}},
     "make the namespaces of the run",
     "make a user namespace"},
    {"mount", {{SYS_mount, EPERM}}, "mount / private", "mount / private"},
};

class RefusedSandboxTest : public MonitorTest, public testing::WithParamInterface<std::tuple<Impossible, bool>> {};

TEST_P(RefusedSandboxTest, NamesTheStepAndLeavesThePlainMonitorAlone) {
  const auto& [impossible, ordinary] = GetParam();
  if (::geteuid() != 0 && ordinary) GTEST_SKIP() << "covered already";
  const auto body = [&impossible = impossible] {
    const bool is_root = ::geteuid() == 0;
    refuse_calls(impossible.calls);
    for (const Kind kind : {Kind::sandbox, Kind::isolate}) {
      ProcessMonitor monitor{options_for(kind)};
      const auto error = thrown<StartError>([&] { monitor.run_process({"true"}); });
      EXPECT_EQ(error.step(), StartError::Step::namespaces);
      EXPECT_EQ(error.error_number(), EPERM);
      EXPECT_EQ(error.object(), is_root ? impossible.object : impossible.object_ordinary);
      EXPECT_NE(std::string{error.what()}.find(error.object()), std::string::npos) << error.what();
    }
    ProcessMonitor monitor;
    EXPECT_EQ(monitor.run_process("echo out").out.text(), "out\n");
  };
  ordinary ? as_nobody(body) : in_child(body);
}

std::string impossible_name(const testing::TestParamInfo<std::tuple<Impossible, bool>>& tested) {
  return std::string{std::get<0>(tested.param).name} + (std::get<1>(tested.param) ? "_ordinary" : "");
}

INSTANTIATE_TEST_SUITE_P(Every, RefusedSandboxTest, testing::Combine(testing::ValuesIn(kImpossible), testing::Bool()),
                         impossible_name);

class WardenProgramTest : public MonitorTest {};

TEST_F(WardenProgramTest, IsNamedWhenItCanBeExecutedFromNowhere) {
  in_child([] {
    ::setenv("DUMMYNET_WARDEN", "/no/such/warden", 1);
    refuse_calls({{SYS_execveat, EPERM}});
    ProcessMonitor monitor;
    const auto error = thrown<StartError>([&] { monitor.run_process({"true"}); });
    EXPECT_EQ(error.step(), StartError::Step::execute);
    EXPECT_EQ(error.object(), "/no/such/warden");
    EXPECT_EQ(error.error_number(), ENOENT);
  });
}

// vm.memfd_noexec (Linux 6.3) belongs to the PID namespace: 1 wants execution asked for, 2 forbids it.
class MemfdNoexecTest : public MonitorTest, public testing::WithParamInterface<int> {};

TEST_P(MemfdNoexecTest, StartsTheWarden) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  if (::access("/proc/sys/vm/memfd_noexec", F_OK) != 0) GTEST_SKIP() << "Linux before 6.3";
  in_child([] {
    os::check(::unshare(CLONE_NEWPID | CLONE_NEWNS), "unshare");
    in_child([] {
      os::check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount / private");
      os::check(::mount("proc", "/proc", "proc", 0, nullptr), "mount /proc");
      {
        std::ofstream file{"/proc/sys/vm/memfd_noexec"};
        file << GetParam();
      }
      if (GetParam() == 2) use_installed_warden();
      ProcessMonitor monitor;  // in PID 1: its orphans are ours to reap
      EXPECT_EQ(monitor.run_process("cat", {.input = InputText{"in"}}).out.text(), "in");
    });
  });
}

INSTANTIATE_TEST_SUITE_P(Every, MemfdNoexecTest, testing::Values(1, 2), testing::PrintToStringParamName());

}  // namespace

}  // namespace dummynet::test

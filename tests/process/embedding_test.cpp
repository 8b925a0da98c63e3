// The program that we live in keeps its peace, whatever it does.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "dummynet/core/monitor.hpp"
#include "dummynet/os/fd.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {
namespace {

/// Each test is a program of its own, since it changes what belongs to the whole program.
class HostProgram : public EveryMonitorTest {
 public:
  /// Some of everything a monitor does.
  static void use_a_monitor(Kind kind) {
    ProcessMonitor monitor{options_for(kind)};
    EXPECT_EQ(thrown<RunInfoError>([&] { monitor.run_process("exit 3"); }).info().exit_code(), 3);
    RunOptions options{.daemon = true, .ready = Ready::log("up")};
    options.input = InputPipe{};
    const ProcessHandle daemon = monitor.run_process_async("echo up; exec cat", options);
    monitor.wait_ready(daemon);
    daemon->write_input("words");
    for (int i = 0; i < 20; ++i) monitor.run_process_async("echo out; echo err >&2");
    serve_to_the_end(monitor);
    EXPECT_THROW(monitor.run_process({"sleep", "1000"}, {.timeout = 10ms}), TimeoutError);
    EXPECT_EQ(daemon->info().out.text(), "up\nwords");
    monitor.stop();
    EXPECT_EQ(monitor.run_process({"echo", "again"}).out.text(), "again\n");
    monitor.run_process_async({"sleep", "1000"});
  }
};
INSTANTIATE_TEST_SUITE_P(Everywhere, HostProgram, every_kind(), kind_name);

TEST_P(HostProgram, MayIgnoreSigchld) {
  in_child([this] {
    ::signal(SIGCHLD, SIG_IGN);
    use_a_monitor(GetParam());
  });
}

TEST_P(HostProgram, MayIgnoreAndBlockWhatItLikes) {
  in_child([this] {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, nullptr);
    for (const int signal : {SIGPIPE, SIGTERM, SIGINT, SIGHUP}) ::signal(signal, SIG_IGN);
    use_a_monitor(GetParam());

    ProcessMonitor monitor{options_for(GetParam())};
    const std::string status{monitor.run_process({"cat", "/proc/self/status"}).out.text()};
    for (const char* line : {"SigBlk:\t0000000000000000\n", "SigIgn:\t0000000000000000\n"}) {
      EXPECT_THAT(status, testing::HasSubstr(line));
    }
  });
}

TEST_P(HostProgram, MayWaitForAllChildrenInAnotherThread) {
  in_child([this] {
    std::atomic<bool> over{false};
    std::atomic<int> reaped{0};
    std::atomic<int> strange{0};
    std::thread waiter{[&] {
      while (!over) {
        int status = 0;
        if (::waitpid(-1, &status, 0) > 0) ++reaped;
        if (errno != ECHILD) ++strange;
        std::this_thread::yield();
      }
    }};
    for (int i = 0; i < 3; ++i) use_a_monitor(GetParam());
    over = true;
    waiter.join();
    EXPECT_EQ(reaped, 0);
    EXPECT_EQ(strange, 0);
  });
}

TEST_P(HostProgram, KeepsItsOwnChildren) {
  in_child([this] {
    const pid_t own = ::fork();
    if (own == 0) ::_exit(42);

    use_a_monitor(GetParam());

    int status = 0;
    ASSERT_EQ(::waitpid(-1, &status, 0), own);
    EXPECT_EQ(WEXITSTATUS(status), 42);
  });
}

TEST_P(HostProgram, MayHaveThousandsOfDescriptors) {
  in_child([this] {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    const auto many = std::min<rlim_t>(15'000, files.rlim_max - 500);
    std::vector<os::Fd> open;
    while (open.size() < many) open.emplace_back(::dup(0));
    ASSERT_TRUE(open.back());

    use_a_monitor(GetParam());
  });
}

TEST_P(HostProgram, MayOpenAndCloseFilesInThreadsAllTheTime) {
  in_child([this] {
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&over] {
        while (!over) {
          os::Fd fds[10];
          for (os::Fd& one : fds) one = os::Fd{::open("/dev/null", O_RDONLY)};  // without close-on-exec
        }
      });
    }
    for (int round = 0; round < 5; ++round) {
      ProcessMonitor monitor{options_for(GetParam())};
      for (int i = 0; i < 10; ++i) {
        // "3" is the directory that ls reads.
        EXPECT_EQ(monitor.run_process({"ls", "/proc/self/fd"}).out.text(), "0\n1\n2\n3\n");
      }
    }
    use_a_monitor(GetParam());
    over = true;
    for (std::thread& one : threads) one.join();
  });
}

class HostProgramWithAHugeHeap : public MonitorTest {};

TEST_F(HostProgramWithAHugeHeap, CostsNobodyAnything) {
  in_child([] {
    // All of it has page tables, which a fork would copy; only a part has memory, which some machines are slow to give.
    constexpr std::size_t kSize = 4ULL << 30U;
    constexpr std::size_t kWritten = 256ULL << 20U;
    void* const heap =
        ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_NE(heap, MAP_FAILED);
    ::madvise(heap, kSize, MADV_NOHUGEPAGE);
    auto* const bytes = static_cast<volatile char*>(heap);
    for (std::size_t at = 0; at < kWritten; at += 4096) bytes[at] = 1;
    for (std::size_t at = kWritten; at < kSize; at += 4096) ASSERT_EQ(bytes[at], 0);

    for (const Kind kind : kKinds) {
      HostProgram::use_a_monitor(kind);
      ProcessMonitor monitor{options_for(kind)};
      EXPECT_LT(monitor.run_process({"true"}).resources.leader_max_rss_bytes, 64U << 20U) << "that would be ours";
    }
  });
}

TEST_P(HostProgram, MayGetSignalsAllTheTime) {
  in_child([this] {
    static std::atomic<int> heard;
    struct sigaction action {};
    action.sa_handler = [](int) { ++heard; };  // without SA_RESTART: every call that waits ends with EINTR
    ::sigaction(SIGALRM, &action, nullptr);
    const itimerval every_ms{{0, 500}, {0, 500}};
    ::setitimer(ITIMER_REAL, &every_ms, nullptr);

    use_a_monitor(GetParam());

    EXPECT_GT(heard, 0);
  });
}

/// What a library must not change in the program that uses it.
struct ProgramState {
  std::map<int, std::string> dispositions;
  std::string mask = show(blocked());
  int dumpable = ::prctl(PR_GET_DUMPABLE);
  int subreaper = 0;
  mode_t umask = ::umask(0);
  std::string directory = std::filesystem::current_path();
  std::vector<std::string> environment;
  rlim_t open_files = 0;
  std::string namespaces;

  ProgramState() {
    ::umask(umask);
    for (int signal = 1; signal < NSIG; ++signal) {
      struct sigaction action {};
      if (::sigaction(signal, nullptr, &action) != 0) continue;
      const auto handler = reinterpret_cast<std::uintptr_t>(action.sa_handler);
      dispositions[signal] = std::to_string(handler) + ' ' + std::to_string(action.sa_flags) + show(action.sa_mask);
    }
    ::prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
    for (char** one = environ; *one != nullptr; ++one) environment.emplace_back(*one);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    open_files = files.rlim_cur;
    for (const char* name : {"net", "mnt", "user", "pid_for_children"}) {
      namespaces += std::filesystem::read_symlink(std::string{"/proc/self/ns/"} + name).string() + ' ';
    }
  }
  static sigset_t blocked() {
    sigset_t set;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &set);
    return set;
  }
  static std::string show(const sigset_t& set) {
    std::string text;
    for (int signal = 1; signal < NSIG; ++signal) text += ::sigismember(&set, signal) == 1 ? '1' : '0';
    return text;
  }
  /// What is not the same; empty: nothing.
  std::string difference(const ProgramState& other) const {
    std::string found;
    for (const auto& [signal, disposition] : dispositions) {
      if (other.dispositions.at(signal) != disposition) found += "disposition of " + std::to_string(signal) + ' ';
    }
    if (mask != other.mask) found += "signal mask ";
    if (dumpable != other.dumpable) found += "dumpable flag ";
    if (subreaper != other.subreaper) found += "subreaper flag ";
    if (umask != other.umask) found += "umask ";
    if (directory != other.directory) found += "directory ";
    if (environment != other.environment) found += "environment ";
    if (open_files != other.open_files) found += "open file limit ";
    if (namespaces != other.namespaces) found += "namespaces ";
    return found;
  }
};

TEST_P(HostProgram, FindsItselfUnchanged) {
  in_child([this] {
    ::signal(SIGUSR1, SIG_IGN);
    sigset_t some;
    ::sigemptyset(&some);
    ::sigaddset(&some, SIGUSR2);
    ::sigprocmask(SIG_BLOCK, &some, nullptr);
    const ProgramState before;
    const std::set<std::string> descriptors = Leftovers::descriptors();
    {
      ProcessMonitor monitor{options_for(GetParam())};
      monitor.run_process_async({"sleep", "1000"});
      EXPECT_EQ(ProgramState{}.difference(before), "") << "while a process runs";
      siginfo_t info{};
      EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL), -1);
      EXPECT_EQ(errno, ECHILD) << "what runs is not our child";
      for (const std::string& one : Leftovers::descriptors()) {
        const int number = std::stoi(one);
        EXPECT_TRUE(descriptors.contains(one) || (::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0) << one;
      }
    }

    use_a_monitor(GetParam());

    EXPECT_EQ(ProgramState{}.difference(before), "") << "afterwards";
    EXPECT_EQ(Leftovers::descriptors(), descriptors);
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL), -1);
    EXPECT_EQ(errno, ECHILD);
  });
}

TEST_P(HostProgram, MayHaveTwoMonitorsInTwoThreads) {
  in_child([this] {
    const auto use = [this](const std::string& word) {
      for (int round = 0; round < 3; ++round) use_a_monitor(GetParam());
      ProcessMonitor monitor{options_for(GetParam())};
      for (int i = 0; i < 30; ++i) EXPECT_EQ(monitor.run_process({"echo", word}).out.text(), word + '\n');
    };
    std::thread one{use, "one"};
    std::thread two{use, "two"};
    one.join();
    two.join();
  });
}

TEST_P(HostProgram, MayHaveTwoMonitorsInOneThread) {
  ProcessMonitor one{options_for(GetParam())};
  ProcessMonitor two{options_for(GetParam())};
  const ProcessHandle of_one = one.run_process_async({"sleep", "1000"});
  two.run_process_async({"sleep", "1000"});

  two.stop();

  EXPECT_TRUE(of_one->is_running());
  EXPECT_EQ(two.run_process({"echo", "two"}).out.text(), "two\n");
  one.stop();
}

}  // namespace
}  // namespace dummynet::test

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>

#include "dummynet/core/monitor.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {
namespace {

using testing::HasSubstr;

class Info : public EveryMonitorTest {
 protected:
  ProcessMonitor monitor{options_for(GetParam())};
};
INSTANTIATE_TEST_SUITE_P(Everywhere, Info, every_kind(), kind_name);

TEST_P(Info, HasThePidAsWeSeeIt) {
  const std::string mark = "1000." + std::to_string(::getpid());
  const ProcessHandle process = monitor.run_process_async({"sleep", mark});

  // exec(2) has succeeded, but the kernel wakes us before it has put the arguments in their place.
  const std::string cmdline = "/proc/" + std::to_string(process->pid()) + "/cmdline";
  EXPECT_TRUE(eventually([&] { return content(cmdline).find(mark) != std::string::npos; })) << content(cmdline);
  EXPECT_EQ(process->info().pid, process->pid());

  // It is that process, and no other, which a signal to this pid reaches.
  ASSERT_EQ(::kill(process->pid(), SIGUSR2), 0);
  thrown<GroupError>([&] { serve_to_the_end(monitor); });
  EXPECT_EQ(process->info().ending, (Ending{Killed{SIGUSR2, false}}));
}

TEST_P(Info, TellsWhatHoldsItsTree) {
  const Containment got = monitor.run_process({"true"}).containment;

  EXPECT_EQ(got, monitor.containment());
  if (GetParam() == Kind::isolate || GetParam() == Kind::sandbox) {
    EXPECT_EQ(got, Containment::pid_namespace);
  } else if (GetParam() == Kind::no_cgroup) {
    EXPECT_EQ(got, Containment::subreaper);
  } else {
    EXPECT_TRUE(got == Containment::cgroup || got == Containment::subreaper);
  }
}

TEST_P(Info, HasItsTimesInOrder) {
  const auto before = Clock::now();
  RunOptions options;
  options.ready = Ready::log("up");
  const ProcessHandle process = monitor.run_process_async("echo up", options);
  serve_to_the_end(monitor);
  const auto after = Clock::now();

  const RunInfo info = process->info();

  ASSERT_TRUE(info.ready && info.end);
  EXPECT_LE(before, info.start);
  EXPECT_LE(info.start, *info.ready);
  EXPECT_LE(*info.ready, *info.end);
  EXPECT_LE(*info.end, after);
}

TEST_P(Info, CountsTheWholeTreesCpuAndMemory) {
  const RunInfo info =
      monitor.run_process("sh -c 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done'; true", {.account_memory = true});

  EXPECT_NE(info.resources.cpu_source, Source::none);
  EXPECT_GT(info.resources.cpu, 5ms);
  EXPECT_NE(info.resources.memory_peak_source, Source::none);
  EXPECT_GT(info.resources.memory_peak_bytes, 100'000U);
  EXPECT_GT(info.resources.leader_max_rss_bytes, 500'000U);
  EXPECT_LT(info.resources.leader_max_rss_bytes, 200'000'000U) << "that would be ours";
}

class Handle : public MonitorTest {
 protected:
  ProcessMonitor monitor;
};

TEST_F(Handle, KnowsHowItWasStarted) {
  const RunOptions options{.name = "named", .daemon = true, .cwd = "/usr"};
  const ProcessHandle daemon = monitor.run_process_async({"sleep", "1000"}, options);
  const RunInfo asynchronous = daemon->info();
  const RunInfo blocking = monitor.run_process("/bin/true with arguments");

  EXPECT_EQ(asynchronous.name, "named");
  EXPECT_EQ(daemon->name(), "named");
  EXPECT_EQ(asynchronous.command, (Command{"sleep", "1000"}));
  EXPECT_EQ(asynchronous.cwd, "/usr");
  EXPECT_TRUE(asynchronous.daemon);
  EXPECT_TRUE(asynchronous.async);
  EXPECT_FALSE(asynchronous.sudo);
  EXPECT_TRUE(asynchronous.is_running());
  EXPECT_TRUE(daemon->is_ready());
  EXPECT_EQ(blocking.name, "true");
  EXPECT_EQ(blocking.cwd, std::filesystem::current_path());
  EXPECT_FALSE(blocking.daemon);
  EXPECT_FALSE(blocking.async);
  monitor.stop();
}

TEST_F(Handle, ThatIsEmptySaysSo) {
  const ProcessHandle empty;

  EXPECT_FALSE(empty);
  EXPECT_THROW(empty->pid(), std::logic_error);
  EXPECT_THROW(*empty, std::logic_error);
}

TEST_F(Handle, IsEqualToItsCopies) {
  const ProcessHandle one = monitor.run_process_async({"true"});
  const ProcessHandle copy = one;
  const ProcessHandle other = monitor.run_process_async({"true"});

  EXPECT_EQ(one, copy);
  EXPECT_FALSE(one == other);
  serve_to_the_end(monitor);
}

TEST_F(Handle, ShowsOutputWhileItRuns) {
  const ProcessHandle process = monitor.run_process_async("echo first; exec sleep 1000");

  serve_until(monitor, [&] { return !process->info().out.empty(); });

  EXPECT_EQ(process->info().out.text(), "first\n");
  EXPECT_TRUE(process->info().is_running());
  EXPECT_NE(process->info().resources.memory_now_source, Source::none);
  EXPECT_GT(process->info().resources.memory_now_bytes, 0U);
  monitor.stop();
}

TEST_F(Handle, OutlivesTheMonitorOfAnEndedProcess) {
  ProcessHandle process;
  {
    ProcessMonitor short_lived;
    process = short_lived.run_process_async("echo words");
    serve_to_the_end(short_lived);
  }

  EXPECT_FALSE(process->is_running());
  EXPECT_EQ(process->info().out.text(), "words\n");
  EXPECT_EQ(process->info().exit_code(), 0);
  EXPECT_FALSE(process->signal(SIGTERM));
  process->stop();
}

TEST_F(Handle, KnowsThatItRunsWithoutBeingServed) {
  const ProcessHandle process = monitor.run_process_async({"sleep", "0.02"});

  EXPECT_TRUE(eventually([&] { return !process->is_running(); }));
  serve_to_the_end(monitor);
}

TEST_F(Handle, SignalsTheLeaderOrTheTree) {
  const std::string line =
      "trap 'echo leader' USR1; (trap 'echo child' USR1; echo up; while :; do sleep 0.01; done) & "
      "while :; do sleep 0.01; done";
  RunOptions options;
  options.ready = Ready::log("up");
  const ProcessHandle process = monitor.run_process_async(line, options);
  monitor.wait_ready(process);
  const auto heard = [&](const std::string& word) {
    return std::string{process->info().out.text()}.find(word) != std::string::npos;
  };

  EXPECT_TRUE(process->signal(SIGUSR1));
  serve_until(monitor, [&] { return heard("leader"); });
  EXPECT_FALSE(heard("child"));

  // The small commands in the tree are hit too, and replaced by the loops.
  EXPECT_TRUE(process->signal(SIGUSR1, true));
  serve_until(monitor, [&] { return heard("child"); });
  monitor.stop();
  EXPECT_FALSE(process->signal(SIGUSR1));
}

TEST_F(Handle, MatchesPatternsAgainstLines) {
  const RunInfo info = monitor.run_process("echo one; echo two words; echo oops >&2");

  EXPECT_TRUE(info.matches({.out = "two *"}));
  EXPECT_TRUE(info.matches({.out = "o?e", .err = "*op*"}));
  EXPECT_FALSE(info.matches({.out = "words"}));
  EXPECT_FALSE(info.matches({.out = "one", .err = "one"}));
  EXPECT_NO_THROW(info.match({.out = "[no]*"}));
  const auto error = thrown<MatchError>([&] { info.match({.out = "three"}); });
  EXPECT_THAT(error.what(), HasSubstr("three"));
  EXPECT_THAT(error.what(), HasSubstr("two words"));
}

TEST_F(Handle, LimitsHoldOrANoticeSaysWhyNot) {
  RunOptions options;
  options.limits = {.memory_bytes = 32U << 20U, .cpus = 0.5, .processes = 50, .open_files = 17, .core_bytes = 0};
  const ProcessHandle process = monitor.run_process_async("ulimit -n; ulimit -c; exec sleep 1000", options);

  serve_until(monitor, [&] { return process->info().out.text() == "17\n0\n"; });

  std::string cgroups = content("/proc/" + std::to_string(process->pid()) + "/cgroup");
  std::string notices;
  for (const std::string& one : process->notices()) notices += one + '\n';
  for (const char* limit : {"cpu.max", "pids.max"}) {
    const std::size_t v2 = cgroups.find("0::");
    const std::string file = "/sys/fs/cgroup" + cgroups.substr(v2 + 3, cgroups.find('\n', v2) - v2 - 3) + '/' + limit;
    EXPECT_TRUE(std::filesystem::exists(file) || notices.find(limit) != std::string::npos) << notices;
  }
  monitor.stop();
}

TEST_F(Handle, AMemoryLimitKillsOrANoticeSaysWhyNot) {
  RunOptions options;
  options.limits.memory_bytes = 16U << 20U;
  const ProcessHandle process = monitor.run_process_async("x=$(head -c 100000000 /dev/zero | tr '\\0' x)", options);

  try {
    serve_to_the_end(monitor);
  } catch (const GroupError&) {
  }

  EXPECT_TRUE(!process->info().succeeded() || !process->notices().empty());
}

TEST_F(Handle, InheritsOurOwnOpenFileLimit) {
  EXPECT_EQ(monitor.run_process("ulimit -Sn; ulimit -Hn").out.text(), [] {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    return std::to_string(files.rlim_cur) + '\n' + std::to_string(files.rlim_max) + '\n';
  }());
}

TEST_F(Handle, EnvironmentIsAddedToOursOrAllThereIs) {
  ::setenv("DUMMYNET_OURS", "ours", 1);
  const auto show = [&](const RunOptions& options) {
    return std::string{monitor.run_process("echo $DUMMYNET_OURS/$ADDED", options).out.text()};
  };

  EXPECT_EQ(show({}), "ours/\n");
  EXPECT_EQ(show({.env = {{"ADDED", "a"}}}), "ours/a\n");
  EXPECT_EQ(show({.env = {{"ADDED", "a"}, {"DUMMYNET_OURS", "other"}}}), "other/a\n");
  EXPECT_EQ(show({.env = {{"ADDED", "a"}}, .clear_env = true}), "/a\n");
  ::unsetenv("DUMMYNET_OURS");
  EXPECT_EQ(show({}), "/\n");
}

}  // namespace
}  // namespace dummynet::test

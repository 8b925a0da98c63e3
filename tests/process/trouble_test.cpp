// What goes wrong with processes elsewhere, and must not here: each test is named after the trouble.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <set>

#include "dummynet/core/monitor.hpp"
#include "dummynet/core/warden.hpp"
#include "dummynet/os/fd.hpp"
#include "dummynet/os/proc_scan.hpp"
#include "support/monitor_test.hpp"
#include "support/owner_process.hpp"

namespace dummynet::test {
namespace {

class Trouble : public EveryMonitorTest {
 protected:
  ProcessMonitor monitor{options_for(GetParam())};
};
INSTANTIATE_TEST_SUITE_P(Everywhere, Trouble, every_kind(), kind_name);

TEST_P(Trouble, OutputOver64KiBWhileNobodyReads) {
  const ProcessHandle process = monitor.run_process_async("head -c 1000000 /dev/zero; echo > " + path("written"));
  // It fills its pipe and sleeps: nothing is lost, and nothing but reading lets it go on.
  ASSERT_TRUE(eventually([&] {
    const auto all = os::read_processes();
    return std::any_of(all.begin(), all.end(), [&](const os::ProcessStat& one) {
      return one.parent == process->pid() && one.command == "head" && one.state == 'S';
    });
  }));
  EXPECT_FALSE(std::filesystem::exists(path("written")));

  serve_to_the_end(monitor);

  EXPECT_EQ(process->info().out.text().size(), 1'000'000U);
}

TEST_P(Trouble, AWriteOfExactly4096Bytes) {
  for (const std::size_t size : {4096U, 65'536U, 1U << 20U}) {
    std::size_t heard = 0;
    RunOptions options;
    options.on_output = [&](const OutputChunk& chunk) { heard += chunk.bytes.size(); };
    const RunInfo info = monitor.run_process({"head", "-c", std::to_string(size), "/dev/zero"}, options);
    EXPECT_EQ(info.out.text().size(), size);
    EXPECT_EQ(heard, size);
  }
}

TEST_P(Trouble, ACharacterAndALineSplitOverTwoReads) {
  std::vector<std::string> lines;
  RunOptions options;
  options.on_line = [&](const OutputLine& line) { lines.emplace_back(line.text); };
  options.input = InputPipe{};
  const ProcessHandle cat = monitor.run_process_async({"cat"}, options);
  std::size_t sent = 0;
  for (const char byte : std::string{"gr\xC3\xBC\xC3\x9F\n dich\n"}) {
    cat->write_input({&byte, 1});
    ++sent;
    serve_until(monitor, [&] { return cat->info().out.text().size() == sent; });
  }
  cat->close_input();
  serve_to_the_end(monitor);

  EXPECT_THAT(lines, testing::ElementsAre("gr\xC3\xBC\xC3\x9F", " dich"));
}

TEST_P(Trouble, BytesThatAreNotUtf8) {
  const RunInfo info = monitor.run_process("printf '\\377\\376\\000\\200a\\303'");

  EXPECT_EQ(info.out.text(), (std::string_view{"\xFF\xFE\0\x80"
                                               "a\xC3",
                                               6}));
}

TEST_P(Trouble, AGrandchildThatHoldsThePipeAfterExitDefeatsTheTimeout) {
  // The leader ends at once, its grandchild holds the pipe for ever: neither timeout nor hanging.
  const RunInfo info = monitor.run_process("setsid sh -c 'sleep 1000; true' & echo done", {.timeout = 1h});
  EXPECT_EQ(info.out.text(), "done\n");

  // The leader runs on: the timeout ends them all.
  EXPECT_THROW(monitor.run_process("setsid sleep 1000 & sleep 1000", {.timeout = 50ms}), TimeoutError);
  EXPECT_EQ(leftovers().processes(), "");
}

TEST_P(Trouble, StdinLeftOpenSoThatCatHangs) { EXPECT_TRUE(monitor.run_process({"cat"}).succeeded()); }

TEST_P(Trouble, SigtermIgnoredOneByOneEachWithItsOwnSecond) {
  RunOptions options{.ready = Ready::log("up")};
  std::vector<ProcessHandle> all;
  for (int i = 0; i < 20; ++i)
    all.push_back(monitor.run_process_async("trap '' TERM; echo up; exec sleep 1000", options));
  for (const ProcessHandle& one : all) monitor.wait_ready(one);
  const auto begin = Clock::now();

  monitor.stop(true, 500ms);

  EXPECT_LT(Clock::now() - begin, 8s) << "one by one it would be 10 s";
}

TEST_P(Trouble, LeaderGoneItsGroupStillAlive) {
  const ProcessHandle process =
      monitor.run_process_async("trap '' TERM; sleep 1000 & exit 0", {.drain = 0ms, .leave_tree = true});
  serve_to_the_end(monitor);
  ASSERT_TRUE(eventually([&] { return !leftovers().processes().empty(); }));  // in exec(2) it hides

  monitor.stop(true, 50ms);

  EXPECT_EQ(leftovers().processes(), "");
}

TEST_P(Trouble, SetsidAndDoubleForkEscapees) {
  const std::string escape = "setsid sh -c \"trap '' TERM HUP; (sleep 1000 & sleep 1000) & echo up\" & ";
  monitor.wait_ready(monitor.run_process_async(escape + "sleep 1000", {.ready = Ready::log("up")}));

  monitor.stop(true, 50ms);

  EXPECT_EQ(leftovers().processes(), "");
}

TEST_P(Trouble, ADaemonsDeathUnnoticedDuringABlockingRun) {
  monitor.run_process_async("exec sleep 0.05", {.name = "server", .daemon = true});

  const auto group = thrown<GroupError>([&] { monitor.run_process({"sleep", "1000"}); });

  EXPECT_EQ(group.find<DaemonExitError>().at(0).info().name, "server");
}

TEST_P(Trouble, AServerStartedButNotYetListening) {
  const ProcessHandle server = monitor.run_process_async("sleep 0.1; echo > " + path("serving") + "; exec sleep 1000",
                                                         {.daemon = true, .ready = Ready::file(path("serving"))});

  monitor.wait_ready(server);

  EXPECT_NE(content(path("serving")), "");
  EXPECT_TRUE(server->is_running());
  monitor.stop();
}

TEST_P(Trouble, AProbeThatWaitsForADeadProcess) {
  Ready ready = Ready::listen(1);
  ready.timeout = 1h;

  EXPECT_THROW(monitor.wait_ready(monitor.run_process_async("exit 1", {.ready = ready})), RunInfoError);
}

TEST_P(Trouble, DifferentErrorTypesForStringAndVector) {
  const auto line = thrown<StartError>([&] { monitor.run_process("/no/such/thing --option"); });
  const auto vector = thrown<StartError>([&] { monitor.run_process({"/no/such/thing", "--option"}); });

  EXPECT_EQ(line.step(), vector.step());
  EXPECT_EQ(line.object(), vector.object());
  EXPECT_EQ(line.error_number(), vector.error_number());
  EXPECT_STREQ(line.what(), vector.what());
}

TEST_P(Trouble, FdLeaksIntoChildren) {
  // As a careless program has them: without close-on-exec.
  std::vector<os::Fd> careless;
  for (int i = 0; i < 20; ++i) careless.emplace_back(::open("/dev/null", O_RDONLY));
  RunOptions options;
  options.input = InputPipe{};
  const ProcessHandle before = monitor.run_process_async({"sleep", "1000"}, options);
  const ProcessHandle process = monitor.run_process_async({"sleep", "1000"}, options);

  const auto theirs = [&] {
    std::set<std::string> open;
    for (const auto& one : std::filesystem::directory_iterator{"/proc/" + std::to_string(process->pid()) + "/fd"}) {
      open.insert(one.path().filename());
    }
    return open;
  };
  // At first it opens what its libraries need, and closes it again.
  EXPECT_TRUE(eventually([&] { return theirs() == std::set<std::string>{"0", "1", "2"}; }));
  monitor.stop();
}

TEST_P(Trouble, EnvAcceptedHereAndRefusedThere) {
  const RunOptions options{.env = {{"WORD", "a b'c\"d"}}};

  EXPECT_EQ(monitor.run_process("echo \"$WORD\"", options).out.text(), "a b'c\"d\n");
  EXPECT_EQ(monitor.run_process({"printenv", "WORD"}, options).out.text(), "a b'c\"d\n");
  const ProcessHandle process = monitor.run_process_async({"printenv", "WORD"}, options);
  serve_to_the_end(monitor);
  EXPECT_EQ(process->info().out.text(), "a b'c\"d\n");
}

TEST_P(Trouble, TheWardenIsKilled) {
  const ProcessHandle client = monitor.run_process_async("echo words; setsid sleep 1000 & exec sleep 1000");
  serve_until(monitor, [&] { return !client->info().out.empty(); });

  ASSERT_EQ(::kill(monitor.warden().pid(), SIGKILL), 0);
  const auto group = thrown<GroupError>([&] { serve_to_the_end(monitor); });

  const auto errors = group.find<RunInfoError>();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<Unknown>(*errors[0].info().ending));
  EXPECT_EQ(errors[0].info().out.text(), "words\n");
  EXPECT_TRUE(eventually([&] { return leftovers().processes().empty(); }));
  EXPECT_EQ(monitor.run_process({"echo", "a new one"}).out.text(), "a new one\n");
}

/// The coordinator, in a process of its own, ends in this way while everything runs.
class TroubleOfTheOwner : public EveryMonitorTest {
 protected:
  void expect_nothing_left_after(const std::function<void(OwnerProcess&)>& end) {
    OwnerProcess owner{OwnerProcess::Terminal::none, [this](const OwnerProcess::Talk& talk) {
                         ProcessMonitor monitor{options_for(GetParam())};
                         RunOptions options{.daemon = true, .ready = Ready::log("up")};
                         const std::string line =
                             "trap '' TERM INT HUP; setsid sleep 1000 & (sleep 1000 &) ; echo up; sleep 1000";
                         monitor.wait_ready(monitor.run_process_async(line, options));
                         monitor.wait_ready(monitor.run_process_async(line, options));
                         talk.say("running");
                         talk.wait();
                         ::exit(0);  // without stop(), without any destructor
                       }};
    Leftovers::also_look_for(owner.pid());
    ASSERT_EQ(owner.line(), "running");
    ASSERT_TRUE(eventually([&] { return !leftovers().processes().empty(); }));  // in exec(2) it hides

    end(owner);
    owner.wait();

    EXPECT_TRUE(eventually([&] { return leftovers().processes().empty(); })) << leftovers().processes();
  }
};
INSTANTIATE_TEST_SUITE_P(Everywhere, TroubleOfTheOwner, every_kind(), kind_name);

TEST_P(TroubleOfTheOwner, CtrlC) {
  expect_nothing_left_after([](OwnerProcess& owner) { owner.kill(SIGINT); });
}
TEST_P(TroubleOfTheOwner, Sigterm) {
  expect_nothing_left_after([](OwnerProcess& owner) { owner.kill(SIGTERM); });
}
TEST_P(TroubleOfTheOwner, Sigkill) {
  expect_nothing_left_after([](OwnerProcess& owner) { owner.kill(SIGKILL); });
}
TEST_P(TroubleOfTheOwner, ExitWithoutStop) {
  expect_nothing_left_after([](OwnerProcess& owner) { owner.go(); });
}

class SandboxTrouble : public MonitorTest {
 protected:
  ProcessMonitor monitor{MonitorOptions{.sandbox = true}};
};

TEST_F(SandboxTrouble, AShellStringOfWhichTheSecondCommandRanOnTheHost) {
  const Warden::Node node = monitor.warden().make_node();
  const std::string ours = std::filesystem::read_symlink("/proc/self/ns/net");

  const RunInfo info = monitor.run_process(
      "readlink /proc/self/ns/net; readlink /proc/self/ns/net && (readlink /proc/self/ns/net) | cat",
      {.place = {node.id}});

  const std::string out{info.out.text()};
  const std::string first = out.substr(0, out.find('\n') + 1);
  EXPECT_EQ(out, first + first + first);
  EXPECT_NE(first, ours + '\n');
}

TEST_F(SandboxTrouble, TwoRunsInParallelWithTheSamePorts) {
  ProcessMonitor second{MonitorOptions{.sandbox = true}};
  const RunOptions options{.daemon = true, .ready = Ready::listen(5201)};
  const Command command{payload("listener"), "tcp", "0.0.0.0", "5201"};

  EXPECT_TRUE(monitor.wait_ready(monitor.run_process_async(command, options)).ready.has_value());
  EXPECT_TRUE(second.wait_ready(second.run_process_async(command, options)).ready.has_value());
}

TEST_F(SandboxTrouble, PidReuse) {
  // pid_namespaces(7): whoever owns the namespace may say which pid comes next.
  const ProcessHandle old = monitor.run_process_async("echo $$");
  serve_to_the_end(monitor);
  const int pid = std::stoi(std::string{old->info().out.text()});
  ProcessHandle heir;
  for (int i = 0; i < 50 && !heir; ++i) {
    monitor.run_process("echo " + std::to_string(pid - 1) + " > /proc/sys/kernel/ns_last_pid");
    const ProcessHandle next = monitor.run_process_async("echo $$; exec sleep 1000");
    serve_until(monitor, [&] { return !next->info().out.empty(); });
    if (next->info().out.text() == old->info().out.text()) {
      heir = next;
    } else {
      next->stop();
    }
  }
  if (!heir) GTEST_SKIP() << "the pid does not come again here";

  EXPECT_FALSE(old->signal(SIGKILL));
  EXPECT_FALSE(old->signal(SIGKILL, true));
  old->stop();
  monitor.stop_process_async(old);

  EXPECT_TRUE(heir->is_running());
  EXPECT_FALSE(old->is_running());
  EXPECT_EQ(old->info().exit_code(), 0);
  monitor.stop();
}

}  // namespace
}  // namespace dummynet::test

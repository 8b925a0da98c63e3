#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>

#include "dummynet/core/monitor.hpp"
#include "dummynet/os/fd.hpp"
#include "dummynet/os/message_socket.hpp"
#include "dummynet/os/proc_scan.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {
namespace {

using Step = StartError::Step;
using testing::AnyOf;
using testing::HasSubstr;

// Every case is tried with an argument vector and with a shell line, by run_process and by run_process_async.
struct Case {
  Step step;
  std::string object;
  int error_number;
};

class Starting : public EveryMonitorTest {
 protected:
  void expect_refusal(const Command& command, const Case& expected, const RunOptions& options = {}) {
    SCOPED_TRACE(command.text().substr(0, 60));
    const auto check = [&](const StartError& error) {
      EXPECT_EQ(error.step(), expected.step) << error.what();
      EXPECT_EQ(error.object(), expected.object) << error.what();
      EXPECT_EQ(error.error_number(), expected.error_number) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("cannot start " + command.text().substr(0, 60)));
      EXPECT_THAT(error.what(), HasSubstr(expected.object));
    };
    check(thrown<StartError>([&] { monitor.run_process_async(command, options); }));
    check(thrown<StartError>([&] { monitor.run_process(command, options); }));
    EXPECT_FALSE(monitor.keep_running(0ms)) << "what never started counts as nothing";
    EXPECT_NO_THROW(monitor.stop());
  }
  std::string make_file(const std::string& name, const std::string& text, mode_t mode) {
    write_file(path(name), text);
    ::chmod(path(name).c_str(), mode);
    return path(name);
  }

  ProcessMonitor monitor{options_for(GetParam())};
};
INSTANTIATE_TEST_SUITE_P(Everywhere, Starting, every_kind(), kind_name);

TEST_P(Starting, RefusesAMissingProgram) {
  expect_refusal({"no-such-program", "--help"}, {Step::execute, "no-such-program", ENOENT});
  expect_refusal("no-such-program --help", {Step::execute, "no-such-program", ENOENT});
  expect_refusal({"/no/such/program"}, {Step::execute, "/no/such/program", ENOENT});
  expect_refusal("/no/such/program", {Step::execute, "/no/such/program", ENOENT});
}

TEST_P(Starting, RefusesWhatIsNotExecutable) {
  const std::string file = make_file("plain", "#!/bin/sh\n", 0644);

  expect_refusal({file}, {Step::execute, file, EACCES});
  expect_refusal(file, {Step::execute, file, EACCES});
  expect_refusal({"/tmp"}, {Step::execute, "/tmp", EACCES});
  expect_refusal("/tmp", {Step::execute, "/tmp", EACCES});
}

TEST_P(Starting, TellsOfAMissingInterpreter) {
  const std::string script = make_file("script", "#!/no/such/interpreter\n", 0755);

  expect_refusal({script}, {Step::execute, script, ENOENT});
  expect_refusal(script, {Step::execute, script, ENOENT});

  const auto error = thrown<StartError>([&] { monitor.run_process({script}); });
  EXPECT_THAT(error.what(), HasSubstr("interpreter"));
}

TEST_P(Starting, RefusesAMissingDirectory) {
  const std::string file = make_file("file", "", 0644);

  expect_refusal({"true"}, {Step::working_directory, "/no/such/directory", ENOENT}, {.cwd = "/no/such/directory"});
  expect_refusal("true", {Step::working_directory, "/no/such/directory", ENOENT}, {.cwd = "/no/such/directory"});
  expect_refusal({"true"}, {Step::working_directory, file, ENOTDIR}, {.cwd = file});
  expect_refusal("true", {Step::working_directory, file, ENOTDIR}, {.cwd = file});
}

TEST_P(Starting, RefusesTooLongAnArgumentList) {
  const std::string long_argument(200'000, 'a');

  expect_refusal({"echo", long_argument}, {Step::execute, "echo", E2BIG});
  expect_refusal("/bin/echo " + long_argument, {Step::execute, "/bin/echo", E2BIG});
  const std::vector<std::string> many(30'000, std::string(100, 'b'));
  // Which of two mistakes is told: older kernels look at the length first.
  EXPECT_THAT(thrown<StartError>([&] { monitor.run_process(many); }).error_number(), AnyOf(ENOENT, E2BIG));
  std::vector<std::string> echo{"echo"};
  echo.insert(echo.end(), many.begin(), many.end());
  expect_refusal(echo, {Step::execute, "echo", E2BIG});
}

TEST_P(Starting, AcceptsWhatIsLongButNotTooLong) {
  const std::string long_argument(100'000, 'a');

  EXPECT_EQ(monitor.run_process({"echo", long_argument}).out.text(), long_argument + '\n');
  EXPECT_EQ(monitor.run_process("echo " + long_argument).out.text(), long_argument + '\n');
}

TEST_P(Starting, RefusesWhatCannotBeACommand) {
  using namespace std::string_literals;
  for (const Command& command : {Command{"echo", "a\0b"s}, Command("echo 'a\0b'"s)}) {
    const auto error = thrown<StartError>([&] { monitor.run_process(command); });
    EXPECT_EQ(error.step(), Step::argument);
    EXPECT_EQ(error.object(), "command");
    EXPECT_EQ(error.error_number(), EINVAL);
    EXPECT_THAT(error.what(), HasSubstr("cannot start echo 'a\\0b'"));
    EXPECT_THAT(error.what(), HasSubstr("NUL"));
  }
  for (const Command& empty : {Command{std::vector<std::string>{}}, Command(""), Command{std::string{}}}) {
    const auto error = thrown<StartError>([&] { monitor.run_process_async(empty); });
    EXPECT_EQ(error.step(), Step::argument);
    EXPECT_EQ(error.object(), "command");
    EXPECT_EQ(error.error_number(), EINVAL);
    EXPECT_THAT(error.what(), HasSubstr("empty"));
  }
}

class StartOptions : public MonitorTest {
 protected:
  StartError refusal(const RunOptions& options) {
    return thrown<StartError>([&] { monitor.run_process_async({"true"}, options); });
  }
  ProcessMonitor monitor;
};

TEST_F(StartOptions, ThatCannotBeAreRefused) {
  using namespace std::string_literals;
  EXPECT_EQ(refusal({.timeout = 0ms}).object(), "timeout");
  EXPECT_EQ(refusal({.timeout = -1ms}).object(), "timeout");
  EXPECT_EQ(refusal({.cwd = "/\0"s}).object(), "cwd");
  EXPECT_EQ(refusal({.env = {{"A=B", "c"}}}).object(), "env");
  EXPECT_EQ(refusal({.env = {{"", "c"}}}).object(), "env");
  EXPECT_EQ(refusal({.env = {{"A", "\0"s}}}).object(), "env");
  EXPECT_EQ(refusal({.depends_on = {ProcessHandle{}}}).object(), "depends_on");
  EXPECT_EQ(refusal({.stop_signal = 0}).object(), "stop_signal");
  EXPECT_EQ(refusal({.stop_signal = 99}).object(), "stop_signal");
  EXPECT_EQ(refusal({.grace = -1s}).step(), Step::argument);
  EXPECT_EQ(refusal({.drain = -1s}).step(), Step::argument);
  RunOptions limits;
  limits.limits.cpus = 0.0;
  EXPECT_EQ(refusal(limits).object(), "limits.cpus");
  EXPECT_EQ(refusal({.place = {0}}).object(), "place");
  EXPECT_EQ(refusal({.ready = Ready::log("(")}).object(), "ready");
  EXPECT_EQ(refusal({.ready = Ready::http("ftp://x")}).object(), "ready");
  EXPECT_EQ(refusal({.ready = Ready{ReadyFile{"x"}, 0ms}}).object(), "ready");
}

TEST_F(StartOptions, FilesThatCannotBeOpenedAreNamed) {
  RunOptions input;
  input.input = InputFile{"/no/such/input"};
  for (const RunOptions& options :
       {input, RunOptions{.out_file = "/no/such/dir/out"}, RunOptions{.err_file = "/no/such/dir/err"}}) {
    const StartError error = refusal(options);
    EXPECT_EQ(error.step(), Step::input_output);
    EXPECT_THAT(error.object(), testing::StartsWith("/no/such/"));
    EXPECT_EQ(error.error_number(), ENOENT);
    EXPECT_THAT(error.what(), HasSubstr("cannot start true"));
  }
}

TEST_F(StartOptions, WithoutAwaitStartTheRefusalIsAFailureToldByKeepRunning) {
  const ProcessHandle before = monitor.run_process_async("exit 1", {.await_start = false});
  const ProcessHandle missing = monitor.run_process_async({"/no/such/program"}, {.await_start = false});
  monitor.run_process_async("exit 2", {.await_start = false});

  std::vector<std::exception_ptr> told;
  while (told.size() < 3) {
    const auto group = thrown<GroupError>([&] { serve_to_the_end(monitor); });
    for (const StartError& error : group.find<StartError>()) {
      EXPECT_EQ(error.step(), Step::execute);
      EXPECT_EQ(error.object(), "/no/such/program");
      EXPECT_EQ(error.error_number(), ENOENT);
    }
    told.insert(told.end(), group.errors().begin(), group.errors().end());
  }

  EXPECT_EQ(GroupError{told}.find<StartError>().size(), 1U);
  EXPECT_EQ(GroupError{told}.find<RunInfoError>().size(), 2U);
  EXPECT_FALSE(missing->is_running());
  EXPECT_EQ(missing->pid(), 0);
  EXPECT_FALSE(monitor.keep_running(0ms));
}

TEST_F(StartOptions, WithoutAwaitStartNothingOfTheOutputIsLost) {
  std::size_t lines = 0;
  std::size_t ready = 0;
  RunOptions options{.await_start = false};
  options.on_line = [&](const OutputLine& line) { lines += line.text == "no line end" ? 1 : 0; };
  options.ready = Ready::log("no line");
  options.on_ready = [&](const RunInfo& info) { ready += *info.ready >= info.start ? 1 : 0; };
  std::vector<ProcessHandle> all;
  for (int i = 0; i < 200; ++i) all.push_back(monitor.run_process_async({"printf", "no line end"}, options));

  serve_to_the_end(monitor);

  EXPECT_EQ(lines, 200U);
  EXPECT_EQ(ready, 200U);
  for (const ProcessHandle& one : all) EXPECT_EQ(one->info().out.text(), "no line end");
}

class FewDescriptors : public MonitorTest {};

TEST_F(FewDescriptors, AreAStartErrorAndNothingMore) {
  in_child([] {
    ProcessMonitor monitor;
    monitor.run_process({"true"});
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = Leftovers::descriptors().size() + 9;
    ::setrlimit(RLIMIT_NOFILE, &files);

    std::vector<ProcessHandle> running;
    const auto start_many = [&](const Command& command) {
      for (int i = 0; i < 100; ++i) running.push_back(monitor.run_process_async(command));
    };
    const auto by_vector = thrown<StartError>([&] { start_many({"sleep", "1000"}); });
    const auto by_line = thrown<StartError>([&] { start_many("sleep 1000"); });

    for (const StartError& error : {by_vector, by_line}) {
      EXPECT_EQ(error.step(), Step::input_output) << error.what();
      EXPECT_EQ(error.error_number(), EMFILE) << error.what();
    }
    EXPECT_FALSE(running.empty());
    for (const ProcessHandle& one : running) EXPECT_TRUE(one->is_running());
    monitor.stop();
    EXPECT_EQ(monitor.run_process({"echo", "again"}).out.text(), "again\n");
  });
}

TEST_F(FewDescriptors, ForAWardenAreAStartErrorToo) {
  in_child([] {
    ProcessMonitor monitor;
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = 64;
    ::setrlimit(RLIMIT_NOFILE, &files);
    std::vector<os::Fd> taken;
    while (true) {
      os::Fd one{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
      if (!one) break;
      taken.push_back(std::move(one));
    }

    // However few there are, it is said that there are too few of them, until there are enough.
    bool succeeded = false;
    for (int refused = 0; !succeeded && !taken.empty(); ++refused) {
      try {
        succeeded = monitor.run_process({"true"}).succeeded();
        EXPECT_GT(refused, 0);
      } catch (const StartError& error) {
        EXPECT_EQ(error.error_number(), EMFILE) << taken.size() << " taken: " << error.what();
      }
      taken.pop_back();
    }
    EXPECT_TRUE(succeeded);
  });
}

// ETOOMANYREFS of unix(7): it counts for all processes of a user together, and passes.
TEST_F(FewDescriptors, OnTheirWayOnlyDelayAStart) {
  as_nobody([] {
    ProcessMonitor monitor;
    monitor.run_process({"true"});
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = 64;
    ::setrlimit(RLIMIT_NOFILE, &files);
    const auto [here, there] = os::make_message_sockets();
    const std::array<int, 16> many = [] {
      std::array<int, 16> numbers{};
      numbers.fill(STDERR_FILENO);
      return numbers;
    }();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(os::send_message(here.get(), "x", many));

    const pid_t main_thread = ::gettid();
    std::thread receiver{[&there, main_thread] {
      EXPECT_TRUE(eventually([&] { return os::read_process(main_thread)->state == 'S'; }));
      std::string buffer(16, '\0');
      for (int i = 0; i < 5; ++i) os::receive_message(there.get(), buffer, 0);
    }};
    EXPECT_TRUE(monitor.run_process({"true"}).succeeded());
    receiver.join();
  });
}

}  // namespace
}  // namespace dummynet::test

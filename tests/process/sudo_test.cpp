// RunOptions::sudo: who may, where the password comes from, and that such processes are like all others.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "dummynet/core/error.hpp"
#include "dummynet/core/monitor.hpp"

#include "support/sudo_fixture.hpp"

namespace dummynet {
namespace {

using namespace std::chrono_literals;
using namespace test;  // NOLINT
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

class Sudo : public SudoFixture {};

TEST_F(Sudo, TakesThePasswordFromTheEnvironment) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::right, say_who_it_is);
  EXPECT_EQ(owner.line(), "0|");
}

TEST_F(Sudo, TakesItForASecondMonitorToo) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::right, [](const Talk& talk) {
    ProcessMonitor first;
    ProcessMonitor second;
    talk.say(first.run_process({"id", "-u"}, {.sudo = true}).out.text());
    talk.say(second.run_process({"id", "-u"}, {.sudo = true}).out.text());
    first.stop();
    talk.say(first.run_process({"id", "-u"}, {.sudo = true}).out.text());
  });
  EXPECT_EQ(owner.line(), "0|");
  EXPECT_EQ(owner.line(), "0|");
  EXPECT_EQ(owner.line(), "0|");
}

TEST_F(Sudo, NeedsNoPasswordWhereSudoersSaysSo) {
  user->set_rule(kWithoutPassword);
  auto owner = run(Password::none, say_who_it_is);
  EXPECT_EQ(owner.line(), "0|");
}

TEST_F(Sudo, WorksWhereSudoersUsesPtys) {
  user->set_rule(kWithPassword, "use_pty");
  auto owner = run(Password::right, say_who_it_is);
  EXPECT_EQ(owner.line(), "0|");
}

// Then sudo puts pipes between itself and what it runs.
TEST_F(Sudo, WorksWhereSudoersLogsInputAndOutput) {
  const std::string logs = "/run/" + user->name();
  user->set_rule(kWithPassword, "use_pty, log_input, log_output, iolog_dir=" + logs);
  auto owner = run(Password::right, say_who_it_is);
  EXPECT_EQ(owner.line(), "0|");
  EXPECT_EQ(owner.wait(), 0);
  EXPECT_TRUE(std::filesystem::exists(logs)) << "sudo logged nothing: this test tests nothing";
  std::filesystem::remove_all(logs);
}

TEST_F(Sudo, SendsNoPasswordThatNobodyNeeds) {
  const std::string logs = "/run/" + user->name();
  user->set_rule(kWithoutPassword, "log_input, log_passwords, !compress_io, iolog_dir=" + logs);
  auto owner = run(Password::right, say_who_it_is);
  EXPECT_EQ(owner.line(), "0|");
  EXPECT_EQ(owner.wait(), 0);
  std::string logged;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{logs}) {
    if (entry.is_regular_file()) logged += read_whole(entry.path());
  }
  EXPECT_THAT(logged, HasSubstr(user->name()));
  EXPECT_THAT(logged, Not(HasSubstr(user->password())));
  std::filesystem::remove_all(logs);
}

TEST_F(Sudo, SaysThatThePasswordIsWrong) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::wrong, say_who_it_is);
  const std::string said = owner.line();
  EXPECT_THAT(said, StartsWith("StartError sudo 0: cannot start id -u: sudo: "));
  EXPECT_THAT(said, HasSubstr("incorrect password"));
  EXPECT_THAT(said, HasSubstr("Is the password in DUMMYNET_SUDO_PASSWD right?"));
  EXPECT_THAT(said, Not(HasSubstr("not this one")));
}

TEST_F(Sudo, AsksNobodyWithoutATerminal) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::none, say_who_it_is);
  const std::string said = owner.line();
  EXPECT_THAT(said, StartsWith("StartError sudo 0: "));
  EXPECT_THAT(said, HasSubstr("a password is required"));
  EXPECT_THAT(said, HasSubstr("set DUMMYNET_SUDO_PASSWD, or run in a terminal"));
}

TEST_F(Sudo, SaysThatTheUserMayNot) {
  user->set_rule("");
  auto owner = run(Password::right, say_who_it_is);
  EXPECT_THAT(owner.line(), MatchesRegex("StartError sudo 0: .*not in the sudoers file.*"));
}

TEST_F(Sudo, SaysThatSudoersWantsATerminal) {
  user->set_rule(kWithoutPassword, "requiretty");
  auto owner = run(Password::none, say_who_it_is);
  EXPECT_THAT(owner.line(), MatchesRegex("StartError sudo 0: .*you must have a tty.*See sudoers.*"));
}

TEST_F(Sudo, SaysThatThereIsNoSudo) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::right, [](const Talk& talk) {
    ::setenv("PATH", "/nonexistent", 1);
    say_who_it_is(talk);
  });
  EXPECT_THAT(owner.line(), MatchesRegex("StartError sudo 2: .*Is sudo.* installed.*"));
}

TEST_F(Sudo, GoesOnAfterARefusal) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::wrong, [&](const Talk& talk) {
    ProcessMonitor monitor;
    EXPECT_THROW(monitor.run_process({"id", "-u"}, {.sudo = true}), StartError);
    ::setenv(kPasswordVariable, user->password().c_str(), 1);
    talk.say(monitor.run_process({"id", "-u"}, {.sudo = true}).out.text());
    talk.say(monitor.run_process("id -u >&2").err.text());
  });
  EXPECT_EQ(owner.line(), "0|");
  EXPECT_EQ(owner.line(), std::to_string(user->uid()) + '|');
}

TEST_F(Sudo, NeedsNoSudoAsRoot) {
  OwnerProcess owner{
      OwnerProcess::Terminal::none, [](const Talk& talk) {
        ::setenv("PATH", "/usr/bin:/bin", 1);
        ProcessMonitor monitor;
        talk.say(monitor.run_process("id -u; echo $PPID; exec cat /proc/$PPID/comm", {.sudo = true}).out.text());
      }};
  EXPECT_THAT(owner.line(), MatchesRegex("0\\|[0-9]+\\|dummynet-warden\\|"));
}

TEST_F(Sudo, CannotWorkInAUserNamespace) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::right, [](const Talk& talk) {
    ProcessMonitor monitor{{.isolate = true}};
    talk.say(to_string(monitor.containment()));
    monitor.run_process({"id", "-u"}, {.sudo = true});
  });
  const std::string first = owner.line();
  if (first.starts_with("StartError namespaces")) GTEST_SKIP() << first;
  EXPECT_THAT(owner.line(), MatchesRegex("StartError sudo 1: .*In a user namespace.*"));
}

TEST_F(Sudo, OutputAndExitCodeComeThrough) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::right, [](const Talk& talk) {
    ProcessMonitor monitor;
    try {
      monitor.run_process("cat; echo to out; echo to err >&2; exit 3", {.sudo = true, .input = InputText{"given "}});
    } catch (const RunInfoError& error) {
      talk.say(std::string{error.info().out.text()} + std::string{error.info().err.text()} +
               to_string(*error.info().ending));
    }
  });
  EXPECT_EQ(owner.line(), "given to out|to err|exited with 3");
}

TEST_F(Sudo, ATimeoutEndsIt) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::right, [this](const Talk& talk) {
    ProcessMonitor monitor;
    try {
      monitor.run_process({"sh", "-c", "trap '' TERM; sleep " + marker + " & wait; wait"},
                          {.timeout = 50ms, .sudo = true, .grace = 10ms});
    } catch (const TimeoutError&) {
      talk.say("timeout, left: " + processes_with(marker));
    }
  });
  EXPECT_EQ(owner.line(), "timeout, left: ");
}

TEST_F(Sudo, StopEndsDaemons) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::right, [this](const Talk& talk) {
    ProcessMonitor monitor;
    monitor.run_process_async(lasting(), {.daemon = true, .sudo = true});
    const auto stubborn = monitor.run_process_async("trap '' TERM; echo ready; sleep " + marker + " & wait; wait",
                                                    {.daemon = true, .ready = Ready::log("ready"), .sudo = true});
    monitor.wait_ready(stubborn);
    monitor.run_process({"true"});
    talk.say(processes_with(marker).empty() ? "nothing ran" : "running");
    monitor.stop(true, 100ms);
    talk.say("left: " + processes_with(marker));
  });
  EXPECT_EQ(owner.line(), "running");
  EXPECT_EQ(owner.line(), "left: ");
}

TEST_F(Sudo, ADaemonsDeathIsNoticed) {
  user->set_rule(kWithPassword);
  auto owner = run(Password::right, [this](const Talk& talk) {
    ProcessMonitor monitor;
    monitor.run_process_async("sleep 0.01", {.daemon = true, .sudo = true});
    monitor.run_process_async(lasting());
    try {
      while (monitor.keep_running()) {
      }
    } catch (const GroupError& error) {
      talk.say(std::to_string(error.find<DaemonExitError>().size()));
    }
  });
  EXPECT_EQ(owner.line(), "1");
}

}  // namespace
}  // namespace dummynet

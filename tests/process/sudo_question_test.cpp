// The one question for the password on the terminal.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "support/sudo_fixture.hpp"

namespace dummynet {
namespace {

using namespace std::chrono_literals;
using namespace test;  // NOLINT
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class SudoQuestion : public SudoFixture {};

TEST_F(SudoQuestion, AsksOnceOnTheTerminalWithoutEcho) {
  user->set_rule(kWithPassword);
  OwnerProcess owner{OwnerProcess::Terminal::own, as_user(Password::none, [](const Talk& talk) {
                       ProcessMonitor monitor;
                       talk.say(monitor.run_process({"id", "-u"}, {.sudo = true}).out.text());
                       monitor.stop();
                       talk.say(monitor.run_process({"id", "-u"}, {.sudo = true}).out.text());
                       talk.wait();
                     })};
  owner.expect_on_terminal("password for " + user->name() + ": ");
  EXPECT_FALSE(owner.terminal_echoes());

  owner.type(user->password() + '\n');

  EXPECT_EQ(owner.line(), "0|");
  EXPECT_EQ(owner.line(), "0|");
  EXPECT_TRUE(owner.terminal_echoes());
  EXPECT_THAT(owner.screen(), Not(HasSubstr(user->password())));
  owner.go();
}

TEST_F(SudoQuestion, AnEmptyAnswerIsARefusal) {
  user->set_rule(kWithPassword);
  OwnerProcess owner{OwnerProcess::Terminal::own, as_user(Password::none, say_who_it_is)};
  owner.expect_on_terminal("password for ");
  owner.type("\n");
  EXPECT_THAT(owner.line(), MatchesRegex("StartError sudo [0-9]+: .*no password was given.*"));
}

// A shell's part: the session's leader, which lives on when the owner ends, tells how, and continues it when it stops.
OwnerProcess::Body below_a_shell(bool in_foreground, const OwnerProcess::Body& body) {
  return [in_foreground, body](const Talk& talk) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::setpgid(0, 0);
      ::signal(SIGTTOU, SIG_IGN);
      if (in_foreground) ::tcsetpgrp(STDIN_FILENO, ::getpid());
      ::signal(SIGTTOU, SIG_DFL);
      OwnerProcess::be_owner(talk, body);
    }
    for (int status = 0; ::waitpid(child, &status, WUNTRACED) == child;) {
      const bool stopped = WIFSTOPPED(status);
      talk.say(stopped ? "stopped" : WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status)) : "ended");
      talk.wait();
      if (!stopped) return;
      ::kill(child, SIGCONT);
    }
  };
}

TEST_F(SudoQuestion, ASignalDuringTheQuestionGivesTheEchoBackAndKills) {
  user->set_rule(kWithPassword);
  OwnerProcess owner{OwnerProcess::Terminal::own, below_a_shell(true, as_user(Password::none, say_who_it_is))};
  owner.expect_on_terminal("password for ");
  EXPECT_FALSE(owner.terminal_echoes());

  owner.type("half of it\x03");

  EXPECT_EQ(owner.line(), "signal " + std::to_string(SIGINT));
  EXPECT_TRUE(owner.terminal_echoes());
  owner.go();
}

TEST_F(SudoQuestion, AsksAgainAfterItWasStopped) {
  user->set_rule(kWithPassword);
  OwnerProcess owner{OwnerProcess::Terminal::own, below_a_shell(true, as_user(Password::none, say_who_it_is))};
  owner.expect_on_terminal("password for ");
  owner.type("\x1a");
  EXPECT_EQ(owner.line(), "stopped");
  EXPECT_TRUE(owner.terminal_echoes());
  owner.go();
  owner.expect_on_terminal("password for ");
  EXPECT_FALSE(owner.terminal_echoes());

  owner.type(user->password() + '\n');

  EXPECT_EQ(owner.line(), "0|");
  EXPECT_EQ(owner.line(), "ended");
  owner.go();
}

TEST_F(SudoQuestion, AsksNobodyInTheBackground) {
  user->set_rule(kWithPassword);
  OwnerProcess owner{OwnerProcess::Terminal::own, below_a_shell(false, as_user(Password::none, say_who_it_is))};
  EXPECT_THAT(owner.line(), MatchesRegex("StartError sudo 0: .*a password is required.*"));
  EXPECT_EQ(owner.line(), "ended");
  owner.go();
}

TEST_F(SudoQuestion, ABlockedSignalCancelsTheQuestionAndStaysPending) {
  user->set_rule(kWithPassword);
  OwnerProcess owner{OwnerProcess::Terminal::own, as_user(Password::none, [](const Talk& talk) {
                       sigset_t interrupt;
                       ::sigemptyset(&interrupt);
                       ::sigaddset(&interrupt, SIGINT);
                       ::sigprocmask(SIG_BLOCK, &interrupt, nullptr);
                       try {
                         say_who_it_is(talk);
                       } catch (const StartError& error) {
                         sigset_t pending;
                         ::sigpending(&pending);
                         talk.say(std::string{::sigismember(&pending, SIGINT) == 1 ? "pending: " : ""} + error.what());
                       }
                       talk.wait();
                     })};
  owner.expect_on_terminal("password for ");

  owner.type("\x03");

  EXPECT_THAT(owner.line(), MatchesRegex("pending: .*no password was given.*"));
  EXPECT_TRUE(owner.terminal_echoes());
  owner.go();
}

}  // namespace
}  // namespace dummynet

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "dummynet/core/monitor.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {
namespace {

/// The basic contract once more, for somebody who owns nothing. Everything happens in a forked copy of this program.
class OrdinaryUser : public EveryMonitorTest {
 protected:
  static bool can(Kind kind) {
    try {
      ProcessMonitor monitor{options_for(kind)};
      return monitor.run_process({"true"}).succeeded();
    } catch (const StartError& error) {
      const char* const required = std::getenv("DUMMYNET_REQUIRE_NETNS");
      EXPECT_TRUE(required == nullptr || *required != '1') << error.what();
      return false;
    }
  }
  void as_user(const std::function<void(ProcessMonitor&)>& body) {
    as_nobody([&] {
      if (!can(GetParam())) GTEST_SKIP() << "not for an ordinary user here";
      ASSERT_NE(::geteuid(), 0U);
      const Leftovers before;
      {
        ProcessMonitor monitor{options_for(GetParam())};
        body(monitor);
      }
      EXPECT_EQ(before.found(), "");
    });
  }
};
INSTANTIATE_TEST_SUITE_P(Everywhere, OrdinaryUser, every_kind(), kind_name);

TEST_P(OrdinaryUser, RunsAndIsTold) {
  as_user([](ProcessMonitor& monitor) {
    EXPECT_EQ(monitor.run_process({"echo", "words"}).out.text(), "words\n");
    EXPECT_EQ(thrown<RunInfoError>([&] { monitor.run_process("exit 3"); }).info().exit_code(), 3);
    EXPECT_EQ(thrown<StartError>([&] { monitor.run_process({"/no/such/thing"}); }).error_number(), ENOENT);
    EXPECT_THROW(monitor.run_process("setsid sleep 1000 & sleep 1000", {.timeout = 50ms}), TimeoutError);
  });
}

TEST_P(OrdinaryUser, KnowsWhatHoldsItsProcesses) {
  as_user([kind = GetParam()](ProcessMonitor& monitor) {
    const bool namespaced = kind == Kind::isolate || kind == Kind::sandbox;
    EXPECT_EQ(monitor.containment(), namespaced ? Containment::pid_namespace : Containment::subreaper);
  });
}

TEST_P(OrdinaryUser, IsHimselfExceptInASandbox) {
  as_user([kind = GetParam()](ProcessMonitor& monitor) {
    const std::string uid = kind == Kind::sandbox ? "0" : std::to_string(::geteuid());
    EXPECT_EQ(monitor.run_process({"id", "-u"}).out.text(), uid + '\n');
  });
}

TEST_P(OrdinaryUser, CoordinatesADaemonAndAClient) {
  as_user([](ProcessMonitor& monitor) {
    const ProcessHandle daemon = monitor.run_process_async("echo up; trap 'exit 0' TERM; sleep 1000 & wait",
                                                           {.daemon = true, .ready = Ready::log("up")});
    monitor.wait_ready(daemon);
    monitor.run_process_async("sleep 0.02");
    serve_to_the_end(monitor);
    EXPECT_TRUE(daemon->is_running());
    monitor.stop();
    EXPECT_TRUE(daemon->info().stopped);

    monitor.run_process_async("exit 0", {.daemon = true});
    monitor.run_process_async({"sleep", "1000"});
    EXPECT_EQ(thrown<GroupError>([&] { serve_to_the_end(monitor); }).find<DaemonExitError>().size(), 1U);
  });
}

TEST_P(OrdinaryUser, SeesWhoListens) {
  as_user([](ProcessMonitor& monitor) {
    // Below the ephemeral range, and another one for each test that runs beside this one.
    const auto port = static_cast<std::uint16_t>(20000 + ::getpid() % 10000);
    const Command command{payload("listener"), "tcp", "127.0.0.1", std::to_string(port)};
    const ProcessHandle server = monitor.run_process_async(command, {.daemon = true, .ready = Ready::listen(port)});
    monitor.wait_ready(server);
    Ready ready = Ready::listen(port);
    ready.timeout = 50ms;
    const auto error = thrown<TimeoutError>([&] {
      monitor.wait_ready(monitor.run_process_async({"sleep", "1000"}, {.ready = ready}));
    });
    EXPECT_THAT(error.what(), testing::HasSubstr("held by PID " + std::to_string(server->pid())));
  });
}

TEST_P(OrdinaryUser, LeavesNothingOfWhatTriesToEscape) {
  as_user([](ProcessMonitor& monitor) {
    const std::string escape =
        "setsid sh -c \"trap '' TERM HUP; (sleep 1000 & sleep 1000) & sleep 1000 & echo up\" & sleep 1000 & exit 0";
    const RunInfo info = monitor.run_process(escape, {.drain = 300ms});
    EXPECT_FALSE(info.leftovers.empty());
    monitor.run_process(escape, {.drain = 0ms, .leave_tree = true});
    monitor.run_process_async(escape + "; sleep 1000");
    monitor.stop(true, 50ms);
  });
}

}  // namespace
}  // namespace dummynet::test

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <stdexcept>

#include "dummynet/core/monitor.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {
namespace {

using testing::HasSubstr;
using Protocol = ReadyListen::Protocol;

/// On this machine and in a sandbox with a network of its own.
class ReadyTest : public EveryMonitorTest {
 protected:
  static Command listener(const std::string& protocol, const std::string& address, std::uint16_t port) {
    return {payload("listener"), protocol, address, std::to_string(port)};
  }
  ProcessHandle start(const Command& command, const Ready& ready, const std::string& cwd = {}) {
    return monitor.run_process_async(command, {.daemon = true, .ready = ready, .cwd = cwd});
  }
  std::string until_go() { return "until [ -e " + path("go") + " ]; do sleep 0.01; done; "; }
  /// Serves for a while, at least as many events as it takes to look twice.
  void look_around() {
    const auto later = Clock::now() + 30ms;
    serve_until(other_client(), [&] { return Clock::now() > later; });
  }
  ProcessMonitor& other_client() {
    if (!client_) client_ = monitor.run_process_async({"sleep", "1000"});
    return monitor;
  }
  ~ReadyTest() override { monitor.stop(false); }

  ProcessMonitor monitor{options_for(GetParam())};

 private:
  ProcessHandle client_;
};
INSTANTIATE_TEST_SUITE_P(Everywhere, ReadyTest, testing::Values(Kind::plain, Kind::sandbox), kind_name);

TEST_P(ReadyTest, WhenTcpListens) {
  const std::uint16_t port = free_port();
  const ProcessHandle server = start(listener("tcp", "0.0.0.0", port), Ready::listen(port));

  const RunInfo info = monitor.wait_ready(server);

  EXPECT_TRUE(server->is_ready());
  EXPECT_GE(*info.ready, info.start);
  EXPECT_THAT(server->notices(), testing::IsEmpty());
}

TEST_P(ReadyTest, WhenUdpIsBound) {
  const std::uint16_t port = free_port(SOCK_DGRAM);
  const ProcessHandle tcp = start(listener("tcp", "0.0.0.0", port), Ready::listen(port, Protocol::udp));
  const ProcessHandle udp = start(listener("udp", "0.0.0.0", port), Ready::listen(port, Protocol::udp));

  monitor.wait_ready(udp);

  EXPECT_FALSE(tcp->is_ready());
}

TEST_P(ReadyTest, WhenOnlyIpv6IsServed) {
  const std::uint16_t port = free_port();
  const ProcessHandle server = start(listener("tcp", "::", port), Ready::listen(port));

  monitor.wait_ready(server);

  EXPECT_THAT(server->notices(), testing::IsEmpty());
}

TEST_P(ReadyTest, LoopbackOnlyIsSaid) {
  const std::uint16_t port = free_port();
  const ProcessHandle server = start(listener("tcp", "127.0.0.1", port), Ready::listen(port));

  monitor.wait_ready(server);

  EXPECT_THAT(server->notices(), testing::ElementsAre(HasSubstr("127.0.0.1:" + std::to_string(port))));
}

TEST_P(ReadyTest, NotBeforeItListens) {
  const std::uint16_t port = free_port();
  const std::string line = until_go() + "exec " + payload("listener") + " tcp 0.0.0.0 " + std::to_string(port);
  const ProcessHandle server = start(line, Ready::listen(port));

  look_around();
  EXPECT_FALSE(server->is_ready());
  write_file(path("go"), "");

  EXPECT_TRUE(monitor.wait_ready(server).ready.has_value());
}

TEST_P(ReadyTest, WhenAnyProcessOfItsTreeListens) {
  const std::uint16_t port = free_port();
  const std::string line = "setsid " + payload("listener") + " tcp 0.0.0.0 " + std::to_string(port) + " & wait";

  EXPECT_TRUE(monitor.wait_ready(start(line, Ready::listen(port))).ready.has_value());
}

TEST_P(ReadyTest, AmongTwoThousandOtherListeners) {
  const ProcessHandle crowd = start({payload("listener"), "tcp", "127.0.0.1", "0", "2000"}, Ready::log("listening"));
  monitor.wait_ready(crowd);
  // In a network of their own they may have any port of the ephemeral range, but no other.
  const std::uint16_t port = GetParam() == Kind::sandbox ? 5201 : free_port();

  EXPECT_TRUE(monitor.wait_ready(start(listener("tcp", "0.0.0.0", port), Ready::listen(port))).ready.has_value());
}

TEST_P(ReadyTest, WhoElseHoldsThePortIsNamed) {
  const std::uint16_t port = free_port();
  const ProcessHandle holder = start(listener("tcp", "0.0.0.0", port), Ready::listen(port));
  monitor.wait_ready(holder);
  Ready ready = Ready::listen(port);
  ready.timeout = 200ms;

  const auto error = thrown<TimeoutError>([&] { monitor.wait_ready(start({"sleep", "1000"}, ready)); });

  EXPECT_THAT(error.what(), HasSubstr("tcp port " + std::to_string(port) + " to listen"));
  EXPECT_THAT(error.what(), HasSubstr("port " + std::to_string(port) + " is held by PID " +
                                      std::to_string(holder->pid()) + " (listener)"));
}

TEST_P(ReadyTest, OverTimeItsTreeIsEndedAndWhatWasMissingIsSaid) {
  Ready ready = Ready::log("never");
  ready.timeout = 100ms;
  const auto begin = Clock::now();

  const auto error =
      thrown<TimeoutError>([&] { monitor.wait_ready(start("echo up; sleep 1000 & sleep 1000", ready)); });

  EXPECT_GE(Clock::now() - begin, 100ms);
  EXPECT_THAT(error.what(), HasSubstr("was not ready within 0.1s"));
  EXPECT_THAT(error.what(), HasSubstr("/never/"));
  EXPECT_THAT(error.what(), HasSubstr("up"));
  EXPECT_EQ(leftovers().processes(), "");
}

TEST_P(ReadyTest, OverTimeIsToldByKeepRunningToo) {
  Ready ready = Ready::listen(free_port());
  ready.timeout = 20ms;
  start({"sleep", "1000"}, ready);

  const auto group = thrown<GroupError>([&] { serve_to_the_end(other_client()); });

  EXPECT_EQ(group.find<TimeoutError>().size(), 1U);
}

TEST_P(ReadyTest, TheEndOfTheProcessEndsTheWaiting) {
  for (Ready ready : {Ready::listen(free_port()), Ready::log("never"), Ready::file("/never"), Ready::exec("false"),
                      Ready::http("http://127.0.0.1:1/"), Ready::notify()}) {
    ready.timeout = 1h;
    SCOPED_TRACE(to_string(ready));
    const auto daemon = thrown<DaemonExitError>([&] { monitor.wait_ready(start("echo sorry; exit 0", ready)); });
    EXPECT_THAT(daemon.what(), HasSubstr("sorry"));

    const auto client = thrown<RunInfoError>(
        [&] { monitor.wait_ready(monitor.run_process_async("echo sorry; exit 7", {.ready = ready})); });
    EXPECT_EQ(client.info().exit_code(), 7);
    const auto quiet =
        thrown<RunInfoError>([&] { monitor.wait_ready(monitor.run_process_async("exit 0", {.ready = ready})); });
    EXPECT_EQ(quiet.info().exit_code(), 0);
  }
}

TEST_P(ReadyTest, WhenALineMatchesOnEitherStream) {
  const ProcessHandle out = start("echo this is; echo server 1 is up; exec sleep 1000", Ready::log("server \\d is"));
  const ProcessHandle err = start("echo server 2 is up >&2; exec sleep 1000", Ready::log("^server 2"));

  EXPECT_TRUE(monitor.wait_ready(out).ready.has_value());
  EXPECT_TRUE(monitor.wait_ready(err).ready.has_value());
}

TEST_P(ReadyTest, WhenALineMatchesThatCameInPieces) {
  const ProcessHandle process =
      start("printf 'server is'; " + until_go() + "echo ' up'; exec sleep 1000", Ready::log("^server is up$"));
  look_around();
  EXPECT_FALSE(process->is_ready());

  write_file(path("go"), "");

  EXPECT_TRUE(monitor.wait_ready(process).ready.has_value());
}

TEST_P(ReadyTest, WhatMadeItReadyCountsEvenIfItEndsAtOnce) {
  for (int i = 0; i < 20; ++i) {
    const ProcessHandle line = monitor.run_process_async("echo up", {.ready = Ready::log("up")});
    EXPECT_TRUE(monitor.wait_ready(line).ready.has_value());
    const ProcessHandle said = monitor.run_process_async({payload("notify")}, {.ready = Ready::notify()});
    EXPECT_TRUE(monitor.wait_ready(said).ready.has_value());
  }
}

TEST_P(ReadyTest, WhenACommandSucceedsAtTheSamePlace) {
  const std::string folder = path("folder");
  ASSERT_EQ(::mkdir(folder.c_str(), 0777), 0);
  RunOptions options{
      .ready = Ready::exec("test \"$WORD\" = yes && test -e here"), .cwd = folder, .env = {{"WORD", "yes"}}};
  const ProcessHandle process = monitor.run_process_async({"sleep", "1000"}, options);
  look_around();
  EXPECT_FALSE(process->is_ready());

  write_file(folder + "/here", "");

  EXPECT_TRUE(monitor.wait_ready(process).ready.has_value());
}

TEST_P(ReadyTest, ACommandThatHangsIsEndedWithTheWaiting) {
  Ready ready = Ready::exec({"sleep", "1000"});
  ready.timeout = 50ms;

  thrown<TimeoutError>([&] { monitor.wait_ready(start({"sleep", "1000"}, ready)); });

  monitor.stop();
  EXPECT_EQ(leftovers().processes(), "");
}

TEST_P(ReadyTest, ACommandThatDoesNotExistIsToldAtOnce) {
  Ready ready = Ready::exec({"/no/such/probe"});
  ready.timeout = 1h;

  const auto error = thrown<TimeoutError>([&] { monitor.wait_ready(start({"sleep", "1000"}, ready)); });

  EXPECT_THAT(error.what(), HasSubstr("/no/such/probe"));
  EXPECT_THAT(error.what(), HasSubstr("No such file"));
}

TEST_P(ReadyTest, WhenAFileAppears) {
  const std::string folder = path("x").substr(0, path("x").rfind('/'));
  const ProcessHandle process = start(until_go() + "echo > appeared; exec sleep 1000", Ready::file("appeared"), folder);
  look_around();
  EXPECT_FALSE(process->is_ready());

  write_file(path("go"), "");

  EXPECT_TRUE(monitor.wait_ready(process).ready.has_value());
}

TEST_P(ReadyTest, WhenHttpAnswersWell) {
  const std::uint16_t port = free_port();
  const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/health";

  EXPECT_TRUE(monitor.wait_ready(start(listener("http", "127.0.0.1", port), Ready::http(url))).ready.has_value());
}

TEST_P(ReadyTest, WhenItNotifies) {
  EXPECT_TRUE(monitor.wait_ready(start({payload("notify"), "stay"}, Ready::notify())).ready.has_value());
}

TEST_P(ReadyTest, WithoutAConditionAtOnce) {
  const ProcessHandle process = monitor.run_process_async({"sleep", "1000"});

  EXPECT_TRUE(process->is_ready());
  EXPECT_TRUE(monitor.wait_ready(process).is_running());
}

TEST_P(ReadyTest, AnotherFailureEndsTheWaiting) {
  Ready ready = Ready::log("never");
  ready.timeout = 1h;
  monitor.run_process_async("exit 5", {.name = "other"});

  const auto group = thrown<GroupError>([&] { monitor.wait_ready(start({"sleep", "1000"}, ready)); });

  EXPECT_EQ(group.find<RunInfoError>().at(0).info().name, "other");
}

TEST_P(ReadyTest, RequestStopEndsTheWaiting) {
  Ready ready = Ready::log("never");
  ready.timeout = 1h;
  const ProcessHandle process = start({"sleep", "1000"}, ready);
  monitor.poller().add_deadline(Clock::now() + 10ms, [&] { monitor.request_stop(); });

  EXPECT_FALSE(monitor.wait_ready(process).ready.has_value());
}

TEST_P(ReadyTest, OfAnotherMonitorIsRefused) {
  ProcessMonitor other;
  const ProcessHandle stranger = other.run_process_async({"sleep", "1000"});

  EXPECT_THROW(monitor.wait_ready(stranger), std::invalid_argument);
}

TEST_P(ReadyTest, StoppingBeforeItIsReadyIsNoFailure) {
  for (const Ready& ready : {Ready::listen(free_port()), Ready::exec("false"), Ready::log("never")}) {
    start({"sleep", "1000"}, ready);
  }
  look_around();

  EXPECT_NO_THROW(monitor.stop());
}

}  // namespace
}  // namespace dummynet::test

#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "dummynet/core/error.hpp"
#include "dummynet/core/monitor.hpp"
#include "dummynet/net/network.hpp"

/// The door for GoogleTest. Header-only, so that it is built with your GoogleTest; the library does not need it.
namespace dummynet::testing {

/// A test on test hosts. Build the network, start servers, run clients; the fixture ends everything and fails the test
/// when a server had died meanwhile.
///
///     using Measurement = dummynet::testing::NetworkTest;
///
///     TEST_F(Measurement, ClientReachesServer) {
///       network.add_node("client");
///       network.add_node("server");
///       network.add_link({"client"}, {"server"});
///       network.up();
///       start_server("server", {"my-server", "--port", "80"}, dummynet::Ready::listen(80));
///
///       const auto client = run("client", {"my-client", "server"});
///
///       EXPECT_NO_THROW(client.match({.out = "*200 OK*"}));
///     }
///
/// Tests may run in parallel (ctest -j): each has a network, names, addresses and ports of its own.
class NetworkTest : public ::testing::Test {
 protected:
  /// Where the machine refuses namespaces, the test is skipped with the reason; it fails instead when the environment
  /// variable DUMMYNET_REQUIRE is set and not empty, as it should be in CI: a skip is easily overlooked.
  void SetUp() override {
    try {
      monitor.warden();
    } catch (const std::exception& refusal) {
      const char* required = std::getenv("DUMMYNET_REQUIRE");
      const std::string why = std::string{refusal.what()} + "; `dummynet doctor` names the mend";
      if (required != nullptr && *required != '\0') FAIL() << why;
      GTEST_SKIP() << why;
    }
  }

  /// Stops everything, clients before servers. Failures that nobody has seen yet fail the test, with the last lines of
  /// output; when it failed anyway, those of the servers are shown.
  void TearDown() override {
    try {
      monitor.stop();
    } catch (const std::exception& failure) {
      ADD_FAILURE() << failure.what();
    }
    if (!HasFailure()) return;
    for (const ProcessHandle& server : servers_) {
      const RunInfo info = server->info();
      const std::string tail = output_tail(info);
      if (!tail.empty()) GTEST_LOG_(INFO) << "the last words of " << subject(info) << ":\n" << tail;
    }
  }

  /// A daemon on this node: returns when it is ready. Throws what ProcessMonitor::wait_ready throws.
  ProcessHandle start_server(const std::string& node, const Command& command, Ready ready) {
    RunOptions options;
    options.ready = std::move(ready);
    return start_server(node, command, std::move(options));
  }
  ProcessHandle start_server(const std::string& node, const Command& command, RunOptions options) {
    options.daemon = true;
    options.place = network.place(node);
    servers_.push_back(monitor.run_process_async(command, options));
    monitor.wait_ready(servers_.back());
    return servers_.back();
  }

  /// Runs to the end on this node. Throws what ProcessMonitor::run_process throws; a test that expects a failure
  /// catches RunInfoError.
  RunInfo run(const std::string& node, const Command& command, RunOptions options = {}) {
    options.place = network.place(node);
    return monitor.run_process(command, options);
  }

  ProcessMonitor monitor{MonitorOptions{.sandbox = true}};
  net::Network network{monitor};

 private:
  std::vector<ProcessHandle> servers_;
};

}  // namespace dummynet::testing

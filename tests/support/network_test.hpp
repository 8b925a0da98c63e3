#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/net/network.hpp"

namespace dummynet::test {

/// A sandbox, or a skip where the kernel refuses one (a failure with DUMMYNET_REQUIRE_NETNS=1).
class NetworkTest : public testing::Test {
 protected:
  void SetUp() override;

  /// Runs a command in a node; throws RunInfoError unless it ends with 0.
  RunInfo run(const net::Network& network, const std::string& node, const Command& command) {
    return run_in(monitor_, network, node, command);
  }
  static RunInfo run_in(ProcessMonitor& monitor, const net::Network& network, const std::string& node,
                        const Command& command);
  /// What it prints.
  std::string output(const net::Network& network, const std::string& node, const Command& command) {
    return std::string{run(network, node, command).out.text()};
  }
  bool succeeds(const net::Network& network, const std::string& node, const Command& command);

  static Command ping(const std::string& target) { return {"ping", "-n", "-c", "1", "-W", "30", target}; }
  static bool has_program(const std::string& name);

  ProcessMonitor monitor_{MonitorOptions{.log = {}, .sandbox = true}};
};

// ---- parts of a topology, in few words

inline const std::vector<net::IpFamily> kBothFamilies{net::IpFamily::v4, net::IpFamily::v6};
net::NodeSpec node(const std::string& name, net::NodeKind kind = net::NodeKind::host);
/// "a" or "a:eth0"; addresses "10.0.0.1/24".
net::EndpointSpec end(const std::string& text, const std::vector<std::string>& addresses = {});
net::LinkSpec link(net::EndpointSpec first, net::EndpointSpec second, net::LinkKind kind = net::LinkKind::veth,
                   std::uint32_t id = 0);

}  // namespace dummynet::test

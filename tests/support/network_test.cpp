#include "support/network_test.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string_view>

#include "dummynet/core/warden.hpp"

namespace dummynet::test {

using namespace std::chrono_literals;

void NetworkTest::SetUp() {
  try {
    monitor_.warden();
  } catch (const std::exception& error) {
    const char* const required = std::getenv("DUMMYNET_REQUIRE_NETNS");
    if (required != nullptr && std::string_view{required} == "1") throw;
    GTEST_SKIP() << "no sandbox here: " << error.what();
  }
}

RunInfo NetworkTest::run_in(ProcessMonitor& monitor, const net::Network& network, const std::string& node,
                            const Command& command) {
  RunOptions options;
  options.place = network.place(node);
  options.timeout = 60s;
  return monitor.run_process(command, options);
}

bool NetworkTest::succeeds(const net::Network& network, const std::string& node, const Command& command) {
  try {
    run(network, node, command);
    return true;
  } catch (const RunInfoError&) {
    return false;
  }
}

bool NetworkTest::has_program(const std::string& name) {
  return ::access(("/bin/" + name).c_str(), X_OK) == 0 || ::access(("/usr/bin/" + name).c_str(), X_OK) == 0;
}

net::NodeSpec node(const std::string& name, net::NodeKind kind) {
  net::NodeSpec spec;
  spec.name = name;
  spec.kind = kind;
  return spec;
}

net::EndpointSpec end(const std::string& text, const std::vector<std::string>& addresses) {
  net::EndpointSpec spec;
  spec.node = text.substr(0, text.find(':'));
  if (spec.node.size() < text.size()) spec.interface = text.substr(spec.node.size() + 1);
  for (const std::string& address : addresses) spec.addresses.push_back(net::InterfaceAddress::parse(address).value());
  return spec;
}

net::LinkSpec link(net::EndpointSpec first, net::EndpointSpec second, net::LinkKind kind, std::uint32_t id) {
  net::LinkSpec spec;
  spec.kind = kind;
  spec.first = std::move(first);
  spec.second = std::move(second);
  spec.id = id;
  return spec;
}

}  // namespace dummynet::test

#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "dummynet/net/dummy_net.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {

inline net::InterfaceAddress address(const std::string& text) { return net::InterfaceAddress::parse(text).value(); }
inline net::IpAddress ip(const std::string& text) { return net::IpAddress::parse(text).value(); }
inline net::Subnet subnet(const std::string& text) { return net::Subnet::parse(text).value(); }

inline Command ping(const std::string& target) { return {"ping", "-n", "-c", "1", "-W", "30", target}; }

inline bool succeeds(net::DummyNet& net, const Command& command) {
  try {
    net.run(command);
    return true;
  } catch (const RunInfoError&) {
    return false;
  }
}

/// Two namespaces, left 10.0.0.1 and right 10.0.0.2, joined by the veth pair `l` and `r`.
inline void join(net::DummyNet& net) {
  net.netns_add("left");
  net.netns_add("right");
  net.link_veth_add("l", "r");
  net.link_set("left", "l");
  net.link_set("right", "r");
  net::DummyNet left = net.netns_use("left");
  net::DummyNet right = net.netns_use("right");
  left.addr_add(address("10.0.0.1/24"), "l");
  right.addr_add(address("10.0.0.2/24"), "r");
  left.up("l");
  right.up("r");
}

/// A DummyNet with a private root namespace, or a skip where the kernel refuses one (a failure with
/// DUMMYNET_REQUIRE_NETNS=1).
class DummyNetTest : public testing::Test {
 protected:
  void SetUp() override {
    try {
      net_ = std::make_unique<net::DummyNet>();
    } catch (const std::exception& error) {
      const char* const required = std::getenv("DUMMYNET_REQUIRE_NETNS");
      if (required != nullptr && std::string_view{required} == "1") throw;
      GTEST_SKIP() << "no sandbox here: " << error.what();
    }
  }
  net::DummyNet& net() { return *net_; }

  std::unique_ptr<net::DummyNet> net_;
};

}  // namespace dummynet::test

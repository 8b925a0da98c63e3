#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

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

/// inside 10.1.0.2 — 10.1.0.1 router 10.2.0.1 — 10.2.0.2 outside
inline void join_by_router(net::DummyNet& net) {
  for (const char* name : {"inside", "router", "outside"}) net.netns_add(name);
  net.link_veth_add("in0", "in1");
  net.link_veth_add("out0", "out1");
  net.link_set("inside", "in0");
  net.link_set("router", "in1");
  net.link_set("router", "out1");
  net.link_set("outside", "out0");
  const auto give = [&](const char* netns, const char* interface, const char* v4, const char* v6) {
    net::DummyNet there = net.netns_use(netns);
    there.addr_add(address(v4), interface);
    there.up(interface);
    there.addr_add(address(v6), interface);
  };
  give("inside", "in0", "10.1.0.2/24", "fd00:1::2/64");
  give("router", "in1", "10.1.0.1/24", "fd00:1::1/64");
  give("router", "out1", "10.2.0.1/24", "fd00:2::1/64");
  give("outside", "out0", "10.2.0.2/24", "fd00:2::2/64");
  net.netns_use("inside").route(ip("10.1.0.1"));
  net.netns_use("inside").route(ip("fd00:1::1"));
}

/// The names of all interfaces of this kind, sorted.
inline std::vector<std::string> names(const net::DummyNet& net, const std::string& kind) {
  std::vector<std::string> found;
  for (const net::LinkInfo& one : net.link_list(kind)) found.push_back(one.name);
  std::sort(found.begin(), found.end());
  return found;
}

inline net::LinkInfo info(const net::DummyNet& net, const std::string& name) {
  for (net::LinkInfo& one : net.link_list()) {
    if (one.name == name) return one;
  }
  throw std::runtime_error{"no interface " + name};
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

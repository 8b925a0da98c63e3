// Alice and Bob, each behind a NAT router of their own, meet: both send to the other's router from a port that
// both know, and so each opens the way for the other.
#include <cstdio>
#include <set>
#include <string>

#include "dummynet/core/monitor.hpp"
#include "dummynet/net/network.hpp"

using namespace dummynet;

static net::Topology two_homes() {
  const auto at = [](const char* node, const char* address) {
    return net::EndpointSpec{node, {}, {net::InterfaceAddress::parse(address).value()}, {}};
  };
  net::Topology topology;
  for (const char* host : {"alice", "bob", "public"}) topology.nodes.push_back({.name = host});
  for (const char* home : {"home-a", "home-b"}) {
    topology.nodes.push_back({.name = home, .kind = net::NodeKind::nat_router, .outside = "isp"});
  }
  topology.nodes.push_back({.name = "isp", .kind = net::NodeKind::router});
  topology.links = {{.first = at("alice", "192.168.1.2/24"), .second = at("home-a", "192.168.1.1/24")},
                    {.first = at("bob", "192.168.2.2/24"), .second = at("home-b", "192.168.2.1/24")},
                    {.first = at("home-a", "203.0.113.1/30"), .second = at("isp", "203.0.113.2/30")},
                    {.first = at("home-b", "198.51.100.1/30"), .second = at("isp", "198.51.100.2/30")},
                    {.first = at("public", "192.0.2.1/30"), .second = at("isp", "192.0.2.2/30")}};
  return topology;
}

int main() {
  try {
    ProcessMonitor monitor{MonitorOptions{.log = {}, .sandbox = true}};
    net::Network network{monitor, two_homes()};
    network.up();
    const auto options_on = [&](const std::string& node) {
      return RunOptions{.name = node, .place = network.place(node), .timeout = std::chrono::seconds{30}};
    };
    monitor.run_process({"ping", "-c", "1", "public"}, options_on("bob"));  // the way out is open, the way in is not

    // Each says hello again and again until both have heard it; what comes too early, the routers ignore.
    std::set<std::string> happy;
    const auto meet = [&](const std::string& who, const std::string& router) {
      RunOptions options = options_on(who);
      options.on_line = [&happy, who](const OutputLine&) { happy.insert(who); };
      monitor.run_process_async("while sleep 0.1; do echo hello; done | nc -n -u -p 7000 " + router + " 7000", options);
    };
    meet("alice", "198.51.100.1");
    meet("bob", "203.0.113.1");
    while (happy.size() < 2 && monitor.keep_running()) {
    }
    monitor.stop();
    if (happy.size() < 2) return 1;
    std::printf("alice and bob have met\n");
  } catch (const StartError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 77;
  }
}

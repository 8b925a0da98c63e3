// A network made step by step, as with ip(8) and tc(8): two hosts behind a switch, one of them with a slow line.
// Everything is in a private place of its own, works without root, and is gone at the end, however that comes about.
#include <exception>
#include <iostream>

#include "dummynet/core/error.hpp"
#include "dummynet/net/dummy_net.hpp"

namespace {

using namespace std::chrono_literals;
using namespace dummynet;
using dummynet::net::DummyNet;
using dummynet::net::InterfaceAddress;

/// A host of this name with an address, plugged into the switch.
DummyNet add_host(DummyNet& net, const std::string& name, const std::string& address) {
  const std::string port = name + "0";
  net.netns_add(name);
  net.link_veth_add(port, "eth0");
  net.link_set(name, "eth0");
  net.bridge_set("switch", port);
  net.up(port);
  DummyNet host = net.netns_use(name);
  host.addr_add(InterfaceAddress::parse(address).value(), "eth0");
  host.up("eth0");
  return host;
}

void run() {
  DummyNet net;
  net.bridge_add("switch");
  net.up("switch");
  DummyNet server = add_host(net, "server", "10.0.0.1/24");
  DummyNet client = add_host(net, "client", "10.0.0.2/24");
  client.tc("eth0", {.rate_mbit = 10});
  std::cout << "the client's line: " << client.tc_show("eth0")->rate_mbit.value_or(0) << " Mbit/s\n";

  const ProcessHandle daemon =
      server.run_async({"sleep", "1000"}, {.name = "a server", .daemon = true, .ready = Ready::exec("true")});
  net.monitor().wait_ready(daemon);
  const RunInfo ping = client.run({"ping", "-c", "3", "-i", "0.1", "10.0.0.1"}, {.timeout = 30s});
  std::cout << ping.out.text();
  net.cleanup();  // the destructor would do it too; this one throws when something cannot be undone
}

}  // namespace

int main() {
  try {
    run();
  } catch (const StartError& error) {
    std::cerr << error.what() << '\n';
    return error.step() == StartError::Step::namespaces ? 77 : 1;  // 77: this machine can't
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}

// Two hosts and a cable: how much does a TCP stream get through?
#include <cstdio>
#include <system_error>

#include "dummynet/core/monitor.hpp"
#include "dummynet/net/network.hpp"

using namespace dummynet;

int main() {
  try {
    ProcessMonitor monitor{MonitorOptions{.log = {}, .sandbox = true}};
    net::Network network{monitor};
    network.add_node("client");
    network.add_node("server");
    network.add_link({"client"}, {"server"});
    network.up();

    RunOptions server;
    server.place = network.place("server");
    server.daemon = true;  // has to stay up until the client has ended
    server.ready = Ready::listen(5201);
    monitor.wait_ready(monitor.run_process_async({"iperf3", "--server"}, server));

    RunOptions client;
    client.place = network.place("client");
    client.timeout = std::chrono::seconds{30};
    const RunInfo measured = monitor.run_process({"iperf3", "--client", "server", "--time", "1"}, client);
    monitor.stop();  // throws if the server was not well all the while

    measured.match({.out = "*receiver*"});
    std::printf("%s", std::string{measured.out.text()}.c_str());
    return 0;
  } catch (const StartError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 77;  // no namespaces or no iperf3 here
  }
}

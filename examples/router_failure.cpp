// A transfer goes over a router whose link fails for a while: TCP must carry on where it was.
#include <chrono>
#include <cstdio>

#include "dummynet/core/monitor.hpp"
#include "dummynet/net/network.hpp"

using namespace dummynet;
using namespace std::chrono_literals;

int main() {
  try {
    ProcessMonitor monitor{MonitorOptions{.log = {}, .sandbox = true}};
    net::Network network{monitor};
    network.add_node("client");
    network.add_node(net::NodeSpec{.name = "router", .kind = net::NodeKind::router});
    network.add_node("server");
    network.add_link({"client"}, {"router", "left"});
    network.add_link({"router", "right"}, {"server"});
    network.up();

    RunOptions server{.place = network.place("server")};
    server.daemon = true;
    server.ready = Ready::listen(5201);
    monitor.wait_ready(monitor.run_process_async({"iperf3", "--server"}, server));

    RunOptions client{.place = network.place("client"), .timeout = 60s};
    bool failed = false;
    client.on_line =
        [&](const OutputLine& line) {  // fails after the first report, comes back when nothing gets through
          const bool silent = line.text.find(" 0.00 bits/sec") != std::string_view::npos;
          if (silent || (!failed && line.text.find("bits/sec") != std::string_view::npos)) {
            network.set_link_state({"router", "right"}, silent);
            failed = true;
          }
        };
    const ProcessHandle transfer = monitor.run_process_async(
        {"iperf3", "--client", "server", "--time", "3", "--interval", "0.5", "--forceflush"}, client);
    while (monitor.keep_running()) {
    }
    monitor.stop();

    transfer->info().match({.out = "* 0.00 bits/sec*"});  // a while without a byte …
    transfer->info().match({.out = "*receiver*"});        // … and yet to its end
    std::printf("%s", std::string{transfer->info().out.text()}.c_str());
    return 0;
  } catch (const StartError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 77;
  }
}

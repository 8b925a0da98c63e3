// A star by the library, from nothing to nothing; its hub is a switch, or a router when a switch has not as many ports.
// Prints: set-up in ms, until it is gone in ms, kernel memory per host in KiB.
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "bench/net/memory.hpp"
#include "bench/process/measure.hpp"
#include "dummynet/core/warden.hpp"
#include "dummynet/net/link_request.hpp"
#include "dummynet/net/link_state.hpp"
#include "dummynet/net/network.hpp"
#include "dummynet/net/presets.hpp"

using namespace dummynet;

namespace {

net::NetlinkSocket socket_in(ProcessMonitor& monitor, int node) {
  return net::NetlinkSocket{monitor.warden().open_socket(node, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)};
}

}  // namespace

int main(int count, char** arguments) {
  const std::size_t hosts = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 50;
  net::StarOptions shape;
  if (hosts > 1023) shape.hub = net::NodeKind::router;
  const double before = bench::settled_kernel_kib();
  const auto start = bench::Clock::now();
  MonitorOptions options;
  options.sandbox = true;
  auto monitor = std::make_unique<ProcessMonitor>(options);
  auto network = std::make_unique<net::Network>(*monitor, net::star(hosts, shape));
  network->up();
  const double set_up = bench::seconds_since(start);
  const double memory = bench::kernel_kib() - before;

  // A namespace that we hold, with one end of a cable to some hosts: the cables go when the hosts do.
  Warden::Node witness = monitor->warden().make_node();
  net::NetlinkSocket window{std::move(witness.rtnetlink)};
  std::uint32_t index = 1'000'000;
  for (const std::size_t host : {std::size_t{1}, (hosts + 1) / 2, hosts}) {
    net::NetlinkSocket socket = socket_in(*monitor, network->place("h" + std::to_string(host)).node);
    net::NetlinkRequest cable =
        net::make_veth({"host", "end" + std::to_string(index), index},
                       {"witness", "end" + std::to_string(index), index + 1}, witness.netns.get());
    socket.run({&cable, 1});
    index += 2;
  }
  const auto stop = bench::Clock::now();
  network.reset();
  monitor.reset();
  while (net::list_links(window, "witness").size() > 1) ::usleep(200);
  std::printf("%.3f %.3f %.1f\n", set_up * 1e3, bench::seconds_since(stop) * 1e3, memory / static_cast<double>(hosts));
}

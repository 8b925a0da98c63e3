#include "validate/testbed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <stdexcept>
#include <vector>

namespace validate {
namespace {

using namespace dummynet;
using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::uint16_t kProbePort = 7000;
constexpr std::uint16_t kIperfPort = 5201;
const std::string kProbe = DUMMYNET_VALIDATE_PROBE;

net::Topology topology(Backend backend) {
  net::Topology two;
  for (const char* name : {"left", "right"}) {
    net::NodeSpec node;
    node.name = name;
    node.sysctls["net.ipv4.tcp_congestion_control"] = "reno";  // what the Mathis formula is about
    two.nodes.push_back(node);
  }
  net::LinkSpec link;
  link.first.node = "left";
  link.second.node = "right";
  two.links = {link, link};
  two.links.front().cut = backend == Backend::engine;
  return two;
}

// Of a socket's buffer, in bytes: socket(7).
std::uint64_t kernel_limit(const std::string& name) {
  std::uint64_t bytes = 0;
  std::ifstream{"/proc/sys/net/core/" + name} >> bytes;
  return bytes;
}

}  // namespace

Testbed::Testbed(Backend backend) : network_{monitor_, topology(backend)} {
  network_.up();
  const std::vector<wire::EmulatedLink> links{{0, {}}};
  if (backend == Backend::engine) {
    engine_ = std::make_unique<wire::LinkEngine>(monitor_, network_, links);
    return;
  }
  if (!wire::kernel_has_netem(monitor_)) {
    throw std::runtime_error{
        "this kernel has no netem (CONFIG_NET_SCH_NETEM): load the module sch_netem, or use `./dev validate --vm`, "
        "which "
        "boots a kernel that has it"};
  }
  kernel_ = std::make_unique<wire::KernelLinks>(monitor_, network_, links);
}

void Testbed::set(const Impairment& there, const Impairment& back) {
  using wire::Direction;
  if (engine_) {
    engine_->set({{.link = 0, .direction = Direction::uplink, .impairment = there, .drop_in_flight = true},
                  {.link = 0, .direction = Direction::downlink, .impairment = back, .drop_in_flight = true}});
    return;
  }
  for (const auto& [direction, impairment] : {std::pair{Direction::uplink, there}, {Direction::downlink, back}}) {
    kernel_->set(0, direction, {});  // what is left of the measurement before goes with its queues
    kernel_->set(0, direction, impairment);
  }
}

std::string Testbed::address(Path path) const {
  const std::string name = path == Path::emulated ? "eth0" : "eth1";
  for (const net::Interface& interface : network_.interfaces()) {
    if (interface.node != "right" || interface.name != name || interface.addresses.empty()) continue;
    const std::string text = interface.addresses.front().text();
    return text.substr(0, text.find('/'));
  }
  throw std::runtime_error{"right has no address on " + name};
}

std::string Testbed::run(const Command& command, nanoseconds timeout) {
  const RunInfo info = monitor_.run_process(command, {.place = network_.place("left"), .timeout = timeout});
  return std::string{info.out.text()};
}

Seen Testbed::probe(const Stream& stream, Path path) {
  std::string heard;
  RunOptions options{.place = network_.place("right"), .ready = Ready::listen(kProbePort, ReadyListen::Protocol::udp)};
  options.on_end = [&](const RunInfo& info) { heard = info.out.text(); };
  const ProcessHandle receiver = monitor_.run_process_async(
      {kProbe, "receive", std::to_string(kProbePort), std::to_string(stream.idle / 1ms)}, options);
  monitor_.wait_ready(receiver);
  const json sent = json::parse(run(
      {kProbe, stream.floods ? "flood" : "pace", address(path), std::to_string(kProbePort),
       std::to_string(stream.packets), std::to_string(stream.payload_bytes), std::to_string(stream.interval.count())},
      10min));
  while (monitor_.keep_running()) {
  }
  const json seen = json::parse(heard);
  const double seconds = seen["duration"].get<double>() / 1e9;
  const auto time = [&](const char* name) { return nanoseconds{seen[name].get<std::int64_t>()}; };
  return {.sent = sent["sent"],
          .received = seen["received"],
          .overflowed = seen["overflowed"],
          .overtaken = seen["overtaken"],
          .min = time("min"),
          .p50 = time("p50"),
          .p99 = time("p99"),
          .max = time("max"),
          .bits_per_second = seconds > 0 ? seen["bytes_after_first"].get<double>() * 8 / seconds : 0};
}

std::optional<nanoseconds> Testbed::ping(int count, Path path) {
  const std::string text = run({"ping", "-n", "-i", "0.02", "-c", std::to_string(count), address(path)}, 1min);
  std::vector<double> times;
  const std::regex pattern{"time=([0-9.]+) ms"};
  for (std::sregex_iterator found{text.begin(), text.end(), pattern}; found != std::sregex_iterator{}; ++found) {
    times.push_back(std::stod((*found)[1]));
  }
  if (times.empty()) return std::nullopt;
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return nanoseconds{static_cast<std::int64_t>(*middle * 1e6)};
}

// The server serves one client and ends.
std::string Testbed::iperf(const Command& command, nanoseconds timeout) {
  const ProcessHandle server = monitor_.run_process_async(
      {"iperf3", "--server", "--one-off", "--json", "--port", std::to_string(kIperfPort)},
      {.place = network_.place("right"), .timeout = timeout, .ready = Ready::listen(kIperfPort)});
  monitor_.wait_ready(server);
  std::string text = run(command, timeout);
  while (monitor_.keep_running()) {
  }
  return text;
}

double Testbed::iperf_tcp(int seconds, int omit) {
  const std::string text = iperf({"iperf3", "--client", address(Path::emulated), "--port", std::to_string(kIperfPort),
                                  "--json", "--time", std::to_string(seconds), "--omit", std::to_string(omit)},
                                 5min);
  return json::parse(text)["end"]["sum_received"]["bits_per_second"];
}

// Without these two iperf3 measures itself: its socket overflows as soon as it waits for a processor (70 % lost of 1.3
// Gbit/s over a plain cable), and a packet at a time it sends no more than 1 Gbit/s.
double Testbed::iperf_udp(int seconds, std::uint64_t offered_bits_per_second, Path path) {
  constexpr std::uint64_t kMostRoom = 8 << 20;
  const std::uint64_t room = std::min({kMostRoom, kernel_limit("rmem_max"), kernel_limit("wmem_max")});
  const std::uint64_t packets_per_ms = std::max<std::uint64_t>(1, offered_bits_per_second / (8 * 1514 * 1000));
  const std::string text =
      iperf({"iperf3", "--client", address(path), "--port", std::to_string(kIperfPort), "--json", "--udp", "--length",
             "1472", "--get-server-output", "--window", std::to_string(room), "--bitrate",
             fmt::format("{}/{}", offered_bits_per_second, packets_per_ms), "--time", std::to_string(seconds)},
            5min);
  // The server's own intervals: what it received while packets came.
  double bits = 0;
  double time = 0;
  const json report = json::parse(text);
  for (const json& interval : report["server_output_json"]["intervals"]) {
    bits += interval["sum"]["bytes"].get<double>() * 8;
    time += interval["sum"]["seconds"].get<double>();
  }
  return time > 0 ? bits / time : 0;
}

}  // namespace validate

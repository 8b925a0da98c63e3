#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dummynet/core/warden.hpp"
#include "dummynet/net/network.hpp"
#include "dummynet/os/check.hpp"
#include "dummynet/wire/kernel_link.hpp"
#include "dummynet/wire/link_engine.hpp"

/// Two nodes, "a" and "b", with links between them, that the programs of this benchmark measure.
namespace bench {

using namespace dummynet;

/// What carries the links: nothing but the kernel's veth, the engine, or the kernel's queueing disciplines (netem where
/// it has that).
enum class Mode { veth, engine, kernel };
inline Mode mode_of(const std::string& text) {
  return text == "engine" ? Mode::engine : text == "kernel" ? Mode::kernel : Mode::veth;
}

class Bed {
 public:
  Bed(Mode mode, const wire::Impairment& uplink, const wire::Impairment& downlink, wire::Nanoseconds spin,
      std::size_t links = 1, std::map<std::string, std::string> sysctls = {}) {
    net::Topology topology;
    for (const char* name : {"a", "b"}) {
      net::NodeSpec node;
      node.name = name;
      node.sysctls = sysctls;
      topology.nodes.push_back(node);
    }
    std::vector<wire::EmulatedLink> emulated;
    for (std::size_t i = 0; i < links; ++i) {
      net::LinkSpec link;
      link.first.node = "a";
      link.second.node = "b";
      link.cut = mode == Mode::engine;
      topology.links.push_back(link);
      emulated.push_back({i, {uplink, downlink}});
    }
    network_ = std::make_unique<net::Network>(monitor_, topology);
    network_->up();
    if (mode == Mode::engine) {
      engine_ = std::make_unique<wire::LinkEngine>(monitor_, *network_, emulated, wire::EngineOptions{.spin = spin});
    } else if (mode == Mode::kernel) {
      kernel_ = std::make_unique<wire::KernelLinks>(monitor_, *network_, emulated);
    }
  }

  os::Fd socket(const char* node, int domain, int type, int protocol = 0) {
    return monitor_.warden().open_socket(network_->place(node).node, domain, type, protocol);
  }
  /// The node's address on its n-th link.
  sockaddr_in address(const std::string& node, std::uint16_t port, std::size_t link = 0) const {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    std::size_t seen = 0;
    for (const net::Interface& one : network_->interfaces()) {
      if (one.node != node || seen++ != link) continue;
      ::inet_pton(AF_INET, one.addresses.front().address.text().c_str(), &result.sin_addr);
    }
    return result;
  }
  ProcessMonitor& monitor() noexcept { return monitor_; }
  wire::LinkEngine& engine() { return *engine_; }
  bool has_engine() const noexcept { return engine_ != nullptr; }
  /// What the engine did wrong goes to standard error: a figure with it is worth nothing.
  void tell_faults() {
    if (!engine_) return;
    std::uint64_t lost = 0;
    for (const auto& link : engine_->counters()) {
      for (const auto& direction : link.directions) lost += direction.own_losses;
    }
    if (lost > 0) std::fprintf(stderr, "own losses of the engine: %llu\n", static_cast<unsigned long long>(lost));
  }

 private:
  ProcessMonitor monitor_{MonitorOptions{.log = {}, .sandbox = true}};
  std::unique_ptr<net::Network> network_;
  std::unique_ptr<wire::LinkEngine> engine_;
  std::unique_ptr<wire::KernelLinks> kernel_;
};

inline const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

/// CPU time of a process in seconds: proc(5).
inline double cpu_seconds(pid_t pid) {
  std::FILE* file = std::fopen(("/proc/" + std::to_string(pid) + "/stat").c_str(), "r");
  unsigned long user = 0, system = 0;
  if (file == nullptr) return 0;
  if (std::fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) user = 0;
  std::fclose(file);
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

/// Runs `body` in a process of its own, which may hold nothing but the descriptors it uses. Returns its pid.
template <typename Body>
pid_t in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(0);
  }
  return child;
}

}  // namespace bench

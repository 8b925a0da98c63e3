#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "dummynet/core/monitor.hpp"
#include "dummynet/net/network.hpp"
#include "dummynet/wire/kernel_link.hpp"
#include "dummynet/wire/link_engine.hpp"

namespace validate {

using dummynet::wire::Impairment;
using std::chrono::nanoseconds;

/// Who decides a packet's fate.
enum class Backend { engine, kernel };

/// Which of the two cables a measurement takes.
enum class Path { emulated, plain };

/// What is sent: UDP packets of one size, evenly spaced.
struct Stream {
  std::uint64_t packets = 0;
  std::uint32_t payload_bytes = 0;  ///< 16 to 1,472; the frame has 42 more
  nanoseconds interval{0};
  nanoseconds idle{0};  ///< how long the receiver waits for one more packet
  bool floods = false;  ///< a sender that was held up catches up: the mean interval holds, not each one
};

/// What the UDP probe saw.
struct Seen {
  std::uint64_t sent = 0, received = 0, overflowed = 0, overtaken = 0;
  nanoseconds min{0}, p50{0}, p99{0}, max{0};  ///< one way
  double bits_per_second = 0;                  ///< of frames, by the kernel's receive stamps
};

/// Two hosts, "left" and "right", joined by an emulated link and by a plain veth pair to compare with.
class Testbed {
 public:
  /// Throws std::runtime_error where the kernel is asked for and lacks netem.
  explicit Testbed(Backend backend);

  /// What the emulated link does from now on; back: right → left.
  void set(const Impairment& there, const Impairment& back);

  /// left → right.
  Seen probe(const Stream& stream, Path path = Path::emulated);
  /// The median round trip that ping(8) tells. Nothing: no answer came.
  std::optional<nanoseconds> ping(int count, Path path = Path::emulated);
  /// Bits per second of payload that iperf3's receiver saw, left → right. `omit`: seconds that do not count at first.
  double iperf_tcp(int seconds, int omit = 0);
  double iperf_udp(int seconds, std::uint64_t offered_bits_per_second, Path path = Path::emulated);

 private:
  std::string address(Path path) const;
  std::string run(const dummynet::Command& command, nanoseconds timeout);
  std::string iperf(const dummynet::Command& command, nanoseconds timeout);

  dummynet::ProcessMonitor monitor_{dummynet::MonitorOptions{.log = {}, .sandbox = true}};
  dummynet::net::Network network_;
  std::unique_ptr<dummynet::wire::LinkEngine> engine_;  // one of the two
  std::unique_ptr<dummynet::wire::KernelLinks> kernel_;
};

}  // namespace validate

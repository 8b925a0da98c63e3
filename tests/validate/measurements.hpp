#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "validate/testbed.hpp"

namespace validate {

/// A delay by itself.
struct DelayRow {
  nanoseconds requested{0};
  Seen seen{}, plain{};  ///< the emulated link, and the plain cable in the same minute
  std::optional<nanoseconds> round_trip{}, plain_round_trip{};
};

/// A rate by itself, over a link of 5 ms.
struct RateRow {
  std::uint64_t requested = 0;          ///< bits per second
  Seen seen{}, plain{};                 ///< 30 % more offered than fits, over the plain cable too
  double iperf_udp = 0, iperf_tcp = 0;  ///< bits per second of payload
  double plain_udp = 0;                 ///< as much offered over the plain cable
};

/// A loss by itself.
struct LossRow {
  double requested = 0;
  Seen seen{};
};

/// All three together.
struct GridRow {
  nanoseconds delay{0};
  std::uint64_t rate = 0;
  double loss = 0;
  nanoseconds expected{0};  ///< one way, for the packets of `paced`
  Seen paced{};             ///< half the rate, small packets
  Seen flood{};             ///< more than the rate, full packets
};

/// One TCP stream over a lossy link.
struct MathisRow {
  nanoseconds round_trip{0};
  double loss = 0;
  double goodput = 0, formula = 0;  ///< bits per second
};

struct Measurements {
  double load_before = 0;  ///< processes that wanted a processor in the minute before: getloadavg(3)
  std::vector<DelayRow> delays{};
  std::vector<RateRow> rates{};
  std::vector<LossRow> losses{};
  std::vector<GridRow> grid{};
  std::vector<MathisRow> mathis{};
};

/// What is asked of links, and by how many packets it is looked at.
struct Selection {
  std::vector<nanoseconds> delays{};
  std::vector<std::uint64_t> rates{};
  std::vector<double> losses{};
  std::vector<nanoseconds> tcp_delays{};    ///< for TCP, each with each loss
  std::vector<std::uint64_t> grid_rates{};  ///< each with each delay
  std::vector<double> grid_losses{};        ///< and each of these
  std::uint64_t delay_packets = 1500;
  nanoseconds delay_interval{0};
  std::uint64_t loss_packets = 100'000;
  nanoseconds shortest_interval{0};  ///< between small packets: what the machine can send
};

/// Everything, for a machine of its own.
Selection whole_selection();
/// What makes sense where the processor is emulated too, and a second of measuring takes no minute.
Selection small_selection();

/// Takes them all, one after the other, some minutes long; `note` is told what is measured now.
Measurements take_measurements(Testbed& testbed, const Selection& selection,
                               const std::function<void(const std::string&)>& note);

}  // namespace validate

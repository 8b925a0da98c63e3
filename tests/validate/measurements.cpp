#include "validate/measurements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "validate/machine.hpp"
#include "validate/statistics.hpp"

namespace validate {
namespace {

using namespace std::chrono_literals;
using dummynet::wire::LineRate;
using dummynet::wire::RandomLoss;

constexpr std::uint64_t kMegabit = 1'000'000;

constexpr std::uint32_t kSmallPayload = 100;
constexpr std::uint32_t kFullPayload = 1472;
constexpr std::uint32_t kHeaders = 42;
constexpr double kSegmentBytes = 1448;
constexpr double kPace = 0.5;  // of the rate
constexpr double kFlood = 1.3;

nanoseconds time_on_line(std::uint32_t payload_bytes, std::uint64_t bits_per_second) {
  return nanoseconds{std::int64_t{payload_bytes + kHeaders} * 8 * 1'000'000'000 /
                     static_cast<std::int64_t>(bits_per_second)};
}

// Room for whatever a sender that was held up sends at once: the machine's pauses are not what is measured. In packets,
// since the kernel's netem counts nothing else.
Impairment roomy(Impairment impairment) {
  const std::uint64_t rate = std::get<LineRate>(impairment.rate).bits_per_second;
  impairment.queue.limit_packets = 2s / time_on_line(kFullPayload, rate);
  return impairment;
}

// A second's worth of packets at this share of the rate.
Stream stream_at(double share, std::uint64_t bits_per_second, std::uint32_t payload_bytes, nanoseconds least_interval,
                 nanoseconds delay) {
  const double packet = static_cast<double>(time_on_line(payload_bytes, bits_per_second).count());
  const nanoseconds interval = std::max(least_interval, nanoseconds{static_cast<std::int64_t>(packet / share)});
  return {.packets = static_cast<std::uint64_t>(1s / interval),
          .payload_bytes = payload_bytes,
          .interval = interval,
          .idle = 300ms + 2 * delay,
          .floods = share > 1};
}

DelayRow measure_delay(Testbed& testbed, const Selection& selection, nanoseconds delay) {
  testbed.set({.delay = delay}, {.delay = delay});
  const Stream stream{.packets = selection.delay_packets,
                      .payload_bytes = kSmallPayload,
                      .interval = selection.delay_interval,
                      .idle = 300ms + delay};
  DelayRow row{.requested = delay};
  row.plain = testbed.probe(stream, Path::plain);
  row.seen = testbed.probe(stream);
  row.plain_round_trip = testbed.ping(50, Path::plain);
  row.round_trip = testbed.ping(50);
  return row;
}

RateRow measure_rate(Testbed& testbed, std::uint64_t rate) {
  const Impairment link{.delay = 5ms, .rate = LineRate{rate}};
  testbed.set(roomy(link), link);
  RateRow row{.requested = rate};
  Stream flood = stream_at(kFlood, rate, kFullPayload, 0ns, 5ms);
  flood.packets *= 2;
  row.plain = testbed.probe(flood, Path::plain);
  row.seen = testbed.probe(flood);
  const auto offered = static_cast<std::uint64_t>(kFlood * static_cast<double>(rate));
  row.plain_udp = testbed.iperf_udp(2, offered, Path::plain);
  row.iperf_udp = testbed.iperf_udp(3, offered);
  testbed.set(link, link);
  row.iperf_tcp = testbed.iperf_tcp(4, 1);
  return row;
}

LossRow measure_loss(Testbed& testbed, const Selection& selection, double loss) {
  testbed.set({.loss = RandomLoss{loss}}, {});
  return {.requested = loss,
          .seen = testbed.probe({.packets = selection.loss_packets,
                                 .payload_bytes = kSmallPayload,
                                 .interval = selection.shortest_interval,
                                 .idle = 300ms})};
}

GridRow measure_all(Testbed& testbed, const Selection& selection, nanoseconds delay, std::uint64_t rate, double loss) {
  testbed.set(roomy({.delay = delay, .loss = RandomLoss{loss}, .rate = LineRate{rate}}),
              {.delay = delay, .rate = LineRate{rate}});
  GridRow row{.delay = delay, .rate = rate, .loss = loss};
  row.expected = delay + time_on_line(kSmallPayload, rate);
  row.paced = testbed.probe(stream_at(kPace, rate, kSmallPayload, selection.shortest_interval, delay));
  row.flood = testbed.probe(stream_at(kFlood / (1 - loss), rate, kFullPayload, 0ns, delay));
  return row;
}

MathisRow measure_tcp(Testbed& testbed, nanoseconds delay, double loss) {
  testbed.set({.delay = delay, .loss = RandomLoss{loss}}, {.delay = delay});
  MathisRow row{.round_trip = 2 * delay, .loss = loss};
  row.goodput = testbed.iperf_tcp(6, 2);
  row.formula = mathis(kSegmentBytes, std::chrono::duration<double>{row.round_trip}.count(), loss);
  return row;
}

std::string milliseconds(nanoseconds time) { return fmt::format("{:g} ms", static_cast<double>(time / 1us) / 1000); }

}  // namespace

Selection whole_selection() {
  Selection all;
  all.delays = {1ms, 5ms, 20ms, 100ms};
  all.rates = all.grid_rates = {1 * kMegabit, 10 * kMegabit, 100 * kMegabit, 1000 * kMegabit};
  all.losses = all.grid_losses = {0.001, 0.01, 0.1};
  all.tcp_delays = {5ms, 20ms};
  all.delay_interval = 1ms;
  all.shortest_interval = 50us;
  return all;
}

Selection small_selection() {
  Selection some;
  some.delays = {5ms, 20ms, 100ms};
  some.rates = {1 * kMegabit, 10 * kMegabit};
  if (processors() != Processors::emulated) some.rates.push_back(100 * kMegabit);  // else it holds at times only
  some.losses = {0.001, 0.01, 0.1};
  some.tcp_delays = {20ms};
  some.grid_rates = {1 * kMegabit, 10 * kMegabit};
  some.grid_losses = {0.01, 0.1};
  some.delay_packets = 500;
  some.delay_interval = 4ms;
  some.loss_packets = 20'000;
  some.shortest_interval = 400us;
  return some;
}

Measurements take_measurements(Testbed& testbed, const Selection& selection,
                               const std::function<void(const std::string&)>& note) {
  Measurements all;
  ::getloadavg(&all.load_before, 1);
  for (const nanoseconds delay : selection.delays) {
    note("delay " + milliseconds(delay));
    all.delays.push_back(measure_delay(testbed, selection, delay));
  }
  for (const double loss : selection.losses) {
    note(fmt::format("loss {:g} %", loss * 100));
    all.losses.push_back(measure_loss(testbed, selection, loss));
  }
  for (const std::uint64_t rate : selection.rates) {
    note(fmt::format("rate {} Mbit/s", rate / kMegabit));
    all.rates.push_back(measure_rate(testbed, rate));
  }
  for (const nanoseconds delay : selection.tcp_delays) {
    for (const double loss : selection.losses) {
      note(fmt::format("TCP over {} with {:g} %", milliseconds(2 * delay), loss * 100));
      all.mathis.push_back(measure_tcp(testbed, delay, loss));
    }
  }
  for (const nanoseconds delay : selection.delays) {
    for (const std::uint64_t rate : selection.grid_rates) {
      for (const double loss : selection.grid_losses) {
        note(fmt::format("{}, {} Mbit/s, {:g} %", milliseconds(delay), rate / kMegabit, loss * 100));
        all.grid.push_back(measure_all(testbed, selection, delay, rate, loss));
      }
    }
  }
  return all;
}

}  // namespace validate

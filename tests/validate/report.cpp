#include "validate/report.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

#include "validate/statistics.hpp"
#include "validate/svg_plot.hpp"

namespace validate {
namespace {

using namespace std::chrono_literals;

constexpr nanoseconds kDelayBound = 200us;
constexpr double kRateBound = 0.01;
constexpr double k95 = 1.96;
constexpr double k999 = 3.29;

constexpr const char* kIntroduction = R"(# Fidelity

What was asked of links and what they did, measured by `./dev validate`, which wrote this page. Two hosts, a link of our
engine between them and a plain veth pair beside it. Figures come from outside the engine: a UDP probe of ours whose
receive times are the kernel's stamps (`tests/validate/udp_probe.cpp`), ping(8), iperf3. All of it, sender, receiver and
engine, shares the processors of one machine: {}; load
average before the start {:.1f}.

Bounds: the median one-way time within {} µs of what was asked (what the plain cable takes, in the same run, taken off), a
rate within {:g} %, a loss whose 99.9 % interval holds what was asked. What is beyond is a **miss**. {}

)";

constexpr const char* kDelays = R"(## Delay

1,500 packets, 1 ms apart; 50 pings, which tell whole milliseconds only from 100 on. µs beyond what was asked; in brackets
the plain cable.

| delay | one way, median | 99 % | max | round trip by ping, median | |
|---|---|---|---|---|---|
)";

constexpr const char* kLosses = R"(## Loss

20,000 packets per second.

| loss | packets | lost | 95 % interval | |
|---|---|---|---|---|
)";

constexpr const char* kRates = R"(## Rate

Over a link of 5 ms, 30 % more offered than fits, with room for 2 s in the queue (TCP: the default queue). Frames of 1,514
bytes count from the Ethernet header on; iperf3 counts payload: {:.2f} % of that with UDP, at most {:.2f} % with TCP. Where its
UDP does not reach the rate over the plain cable either, that is said instead of a verdict.

| rate | UDP probe | | iperf3 UDP, as frames | | iperf3 TCP, of what is possible |
|---|---|---|---|---|---|
)";

constexpr const char* kTcp = R"(## TCP under loss

One stream of TCP Reno, 6 s after 2 s, against MSS / RTT × √(3/2) / √loss (Mathis and others, 1997): a check that the
picture makes sense, without a bound. The formula assumes that every segment is acknowledged, no time-outs (which rule at
10 %), and a steady state.

| round trip | loss | goodput | formula | ratio |
|---|---|---|---|---|
)";

constexpr const char* kGrid = R"(## Everything together

Delay and loss by small packets at half the rate (at most 20,000 per second), the rate by full ones of which 30 % more are
offered than fit; a second each, with room for 2 s in the queue. One way: the median beyond delay + time on the line, the
plain cable's taken off.

| delay | rate | loss | one way, µs | | rate seen | | packets | lost | 95 % interval | |
|---|---|---|---|---|---|---|---|---|---|---|
)";

double ms(nanoseconds time) { return std::chrono::duration<double, std::milli>{time}.count(); }
double us(nanoseconds time) { return std::chrono::duration<double, std::micro>{time}.count(); }
double megabits(double bits) { return bits / 1e6; }

class Report {
 public:
  explicit Report(const Measurements& all) : all_{all} {}

  std::string text() {
    std::string body = delays() + losses() + rates() + tcp() + grid();
    const std::string missed = misses_ == 0 ? "Here there is none." : fmt::format("Here there are {}.", misses_);
    return fmt::format(kIntroduction, machine(), all_.load_before, kDelayBound / 1us, kRateBound * 100, missed) + body;
  }
  int misses() const { return misses_; }

 private:
  std::string delays();
  std::string losses();
  std::string rates();
  std::string tcp();
  std::string grid();
  std::string verdict(bool holds) {
    misses_ += holds ? 0 : 1;
    return holds ? "" : "**miss**";
  }
  std::string loss_columns(double requested, const Seen& seen);
  static std::string machine();

  const Measurements& all_;
  int misses_ = 0;
};

std::string Report::machine() {
  utsname kernel{};
  ::uname(&kernel);
  std::ifstream info{"/proc/cpuinfo"};
  std::string model = "unknown processor";
  for (std::string line; std::getline(info, line);) {
    if (!line.starts_with("model name")) continue;
    model = line.substr(line.find(':') + 2);
    break;
  }
  const std::string_view release{kernel.release};
  return fmt::format("{} × {}, Linux {}", std::thread::hardware_concurrency(), model,
                     release.substr(0, release.find('-')));
}

std::string Report::delays() {
  std::string rows = kDelays;
  for (const DelayRow& row : all_.delays) {
    const auto beyond = [&](nanoseconds time) { return us(time - row.requested); };
    const nanoseconds error = row.seen.p50 - row.plain.p50 - row.requested;
    rows +=
        fmt::format("| {:g} ms | {:.0f} ({:.0f}) | {:.0f} ({:.0f}) | {:.0f} ({:.0f}) | {:.0f} ({:.0f}) | {} |\n",
                    ms(row.requested), beyond(row.seen.p50), us(row.plain.p50), beyond(row.seen.p99), us(row.plain.p99),
                    beyond(row.seen.max), us(row.plain.max), us(row.round_trip.value_or(0ns) - 2 * row.requested),
                    us(row.plain_round_trip.value_or(0ns)), verdict(std::abs(us(error)) <= us(kDelayBound)));
  }
  return rows + "\n![One-way time beyond the delay](fidelity/delay.svg)\n\n";
}

std::string Report::loss_columns(double requested, const Seen& seen) {
  // What overflowed in the probe's own socket has come through the link.
  const std::uint64_t lost = seen.sent - std::min(seen.sent, seen.received + seen.overflowed);
  const Interval shown = share_interval(lost, seen.sent, k95);
  const double share = static_cast<double>(lost) / static_cast<double>(seen.sent);
  return fmt::format("{} | {:.3f} % | {:.3f}–{:.3f} % | {} |", seen.sent, share * 100, std::max(0.0, shown.low) * 100,
                     shown.high * 100, verdict(share_interval(lost, seen.sent, k999).contains(requested)));
}

std::string Report::losses() {
  std::string rows = kLosses;
  for (const LossRow& row : all_.losses) {
    rows += fmt::format("| {:g} % | {}\n", row.requested * 100, loss_columns(row.requested, row.seen));
  }
  return rows + "\n![Loss, asked and seen](fidelity/loss.svg)\n\n";
}

std::string Report::rates() {
  std::string rows = fmt::format(kRates, 1472 / 15.14, 1448 / 15.14);
  for (const RateRow& row : all_.rates) {
    const auto rate = static_cast<double>(row.requested);
    const double udp = row.iperf_udp * 1514 / 1472;
    const auto holds = [&](double achieved) { return std::abs(achieved / rate - 1) <= kRateBound; };
    rows += fmt::format(
        "| {:g} Mbit/s | {:.4g} Mbit/s ({:+.2f} %) | {} | {:.4g} Mbit/s ({:+.2f} %) | {} | {:.1f} % |\n",
        megabits(rate), megabits(row.seen.bits_per_second), (row.seen.bits_per_second / rate - 1) * 100,
        verdict(holds(row.seen.bits_per_second)), megabits(udp), (udp / rate - 1) * 100,
        row.plain_udp < 1.05 * rate ? "iperf3 cannot" : verdict(holds(udp)), row.iperf_tcp / rate * 1514 / 1448 * 100);
  }
  return rows + "\n![Rate, asked and seen](fidelity/rate.svg)\n\n";
}

std::string Report::tcp() {
  std::string rows = kTcp;
  for (const MathisRow& row : all_.mathis) {
    rows += fmt::format("| {:g} ms | {:g} % | {:.3g} Mbit/s | {:.3g} Mbit/s | {:.2f} |\n", ms(row.round_trip),
                        row.loss * 100, megabits(row.goodput), megabits(row.formula), row.goodput / row.formula);
  }
  return rows + "\n![TCP goodput against the formula](fidelity/tcp.svg)\n\n";
}

std::string Report::grid() {
  std::string rows = kGrid;
  const nanoseconds plain = all_.delays.empty() ? 0ns : all_.delays.front().plain.p50;
  for (const GridRow& row : all_.grid) {
    const nanoseconds beyond = row.paced.p50 - row.expected - plain;
    const double rate = row.flood.bits_per_second / static_cast<double>(row.rate) - 1;
    rows += fmt::format("| {:g} ms | {:g} Mbit/s | {:g} % | {:+.0f} | {} | {:+.2f} % | {} | {}\n", ms(row.delay),
                        megabits(static_cast<double>(row.rate)), row.loss * 100, us(beyond),
                        verdict(std::abs(us(beyond)) <= us(kDelayBound)), rate * 100,
                        verdict(std::abs(rate) <= kRateBound), loss_columns(row.loss, row.paced));
  }
  return rows;
}

// ---- pictures

Plot delay_plot(const Measurements& all) {
  Plot plot{.title = "One-way time beyond the delay",
            .x_label = "delay asked, ms",
            .y_label = "µs",
            .x_from = 0.7,
            .x_to = 150,
            .y_from = 1,
            .y_to = 1'000'000};
  plot.series = {{"median, plain cable", {}}, {"median", {}}, {"99 %", {}}, {"max", {}}};
  for (const DelayRow& row : all.delays) {
    const double x = ms(row.requested);
    plot.series[0].points.push_back({x, us(row.plain.p50)});
    plot.series[1].points.push_back({x, us(row.seen.p50 - row.requested)});
    plot.series[2].points.push_back({x, us(row.seen.p99 - row.requested)});
    plot.series[3].points.push_back({x, us(row.seen.max - row.requested)});
  }
  return plot;
}

PlotPoint loss_point(double requested, const Seen& seen) {
  const std::uint64_t lost = seen.sent - std::min(seen.sent, seen.received + seen.overflowed);
  const Interval interval = share_interval(lost, seen.sent, k95);
  return {requested * 100, static_cast<double>(lost) / static_cast<double>(seen.sent) * 100, interval.low * 100,
          interval.high * 100};
}

Plot loss_plot(const Measurements& all) {
  Plot plot{.title = "Loss, asked and seen, with 95 % intervals",
            .x_label = "asked, %",
            .y_label = "seen, %",
            .x_from = 0.05,
            .x_to = 20,
            .y_from = 0.05,
            .y_to = 20,
            .diagonal = true};
  plot.series = {{"by itself", {}}, {"with delay and rate", {}}};
  for (const LossRow& row : all.losses) plot.series[0].points.push_back(loss_point(row.requested, row.seen));
  std::map<double, int> drawn;
  for (const GridRow& row : all.grid) {
    PlotPoint point = loss_point(row.loss, row.paced);
    point.x *= 0.78 + 0.03 * drawn[row.loss]++;  // side by side
    plot.series[1].points.push_back(point);
  }
  return plot;
}

Plot rate_plot(const Measurements& all) {
  Plot plot{.title = "Rate seen, of what was asked",
            .x_label = "asked, Mbit/s",
            .y_label = "%",
            .x_from = 0.7,
            .x_to = 2000,
            .y_from = 95,
            .y_to = 105,
            .level = 100};
  plot.series = {{"by itself", {}}, {"with delay and loss", {}}};
  for (const RateRow& row : all.rates) {
    const auto rate = static_cast<double>(row.requested);
    plot.series[0].points.push_back({megabits(rate), row.seen.bits_per_second / rate * 100});
  }
  for (const GridRow& row : all.grid) {
    const auto rate = static_cast<double>(row.rate);
    plot.series[1].points.push_back({megabits(rate) * 1.1, row.flood.bits_per_second / rate * 100});
  }
  return plot;
}

Plot tcp_plot(const Measurements& all) {
  Plot plot{.title = "TCP goodput under loss",
            .x_label = "formula, Mbit/s",
            .y_label = "seen, Mbit/s",
            .x_from = 0.5,
            .x_to = 100,
            .y_from = 0.1,
            .y_to = 100,
            .diagonal = true};
  std::map<nanoseconds, std::size_t> places;
  for (const MathisRow& row : all.mathis) {
    const auto [place, is_new] = places.try_emplace(row.round_trip, plot.series.size());
    if (is_new) plot.series.push_back({fmt::format("round trip {:g} ms", ms(row.round_trip)), {}});
    plot.series[place->second].points.push_back({megabits(row.formula), megabits(row.goodput)});
  }
  return plot;
}

}  // namespace

int write_report(const Measurements& all, const std::filesystem::path& folder) {
  const std::filesystem::path pictures = folder / "fidelity";
  std::filesystem::create_directories(pictures);
  write_svg(delay_plot(all), pictures / "delay.svg");
  write_svg(loss_plot(all), pictures / "loss.svg");
  write_svg(rate_plot(all), pictures / "rate.svg");
  write_svg(tcp_plot(all), pictures / "tcp.svg");
  Report report{all};
  std::ofstream page{folder / "fidelity.md", std::ios::trunc};
  page << report.text();
  page.close();
  if (!page) throw std::runtime_error{"cannot write " + (folder / "fidelity.md").string()};
  return report.misses();
}

}  // namespace validate

#include "validate/report.hpp"

#include <fmt/format.h>

#include <string>

#include "validate/figures.hpp"
#include "validate/machine.hpp"
#include "validate/pictures.hpp"

namespace validate {
namespace {

using namespace std::chrono_literals;

constexpr const char* kIntroduction = R"(# Fidelity

What was asked of links and what they did, measured by `./dev validate`, which wrote this page. Two hosts, a link of
{} between them and a plain veth pair beside it. Figures come from outside the emulation: a UDP probe of ours
whose receive times are the kernel's stamps (`tests/validate/udp_probe.cpp`), ping(8), iperf3. All of it, sender, receiver
and link, shares the processors of one machine: {}; load average before the start {:.1f}.

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
bytes count from the Ethernet header on; iperf3 counts payload: {:.2f} % of that with UDP, at most {:.2f} % with TCP. What comes
over the plain cable when as much is offered stands beside it; where iperf3's UDP does not reach the rate there either, that
is said instead of a verdict.

| rate | UDP probe | | iperf3 UDP, as frames | plain cable | | iperf3 TCP, of what is possible |
|---|---|---|---|---|---|---|
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

constexpr const char* kBeside = R"(
## Beside the kernel's netem

The same of both, one after the other, in a machine whose kernel has netem: [fidelity-netem.md](fidelity-netem.md), written
by `./dev validate --vm`.
)";

class Report {
 public:
  Report(const Measurements& all, Backend backend) : all_{all}, backend_{backend} {}

  std::string text() {
    const std::string body = delays() + losses() + rates() + tcp() + grid();
    const std::string missed = misses_ == 0 ? "Here there is none." : fmt::format("Here there are {}.", misses_);
    return fmt::format(kIntroduction, backend_ == Backend::engine ? "our engine" : "the kernel's netem",
                       describe_machine(), all_.load_before, kDelayBound / 1us, kRateBound * 100, missed) +
           body + (backend_ == Backend::engine ? kBeside : "");
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
  std::string loss_columns(double requested, const Seen& seen) {
    const Lost found = lost(seen);
    return fmt::format("{} | {} | {} |", seen.sent, shown(found), verdict(found.possible.contains(requested)));
  }

  const Measurements& all_;
  Backend backend_;
  int misses_ = 0;
};

std::string Report::delays() {
  std::string rows = kDelays;
  for (const DelayRow& row : all_.delays) {
    const auto pair = [](nanoseconds emulated, nanoseconds requested, nanoseconds plain) {
      return fmt::format("{:.0f} ({:.0f})", us(emulated - requested), us(plain));
    };
    rows += fmt::format(
        "| {:g} ms | {} | {} | {} | {} | {} |\n", ms(row.requested), pair(row.seen.p50, row.requested, row.plain.p50),
        pair(row.seen.p99, row.requested, row.plain.p99), pair(row.seen.max, row.requested, row.plain.max),
        pair(row.round_trip.value_or(0ns), 2 * row.requested, row.plain_round_trip.value_or(0ns)),
        verdict(holds(beyond(row))));
  }
  return rows + "\n![One-way time beyond the delay](fidelity/delay.svg)\n\n";
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
    const auto shown_rate = [&](double bits) {
      return fmt::format("{:.4g} Mbit/s ({:+.2f} %)", megabits(bits), error_of(bits, row.requested) * 100);
    };
    const auto rate_verdict = [&](double bits) { return verdict(holds_rate(error_of(bits, row.requested))); };
    const double udp = udp_frames(row.iperf_udp);
    const double plain = udp_frames(row.plain_udp);
    rows += fmt::format("| {:g} Mbit/s | {} | {} | {} | {:.4g} Mbit/s | {} | {:.1f} % |\n",
                        megabits(static_cast<double>(row.requested)), shown_rate(row.seen.bits_per_second),
                        rate_verdict(row.seen.bits_per_second), shown_rate(udp), megabits(plain),
                        is_carried(plain, row.requested) ? rate_verdict(udp) : "iperf3 cannot",
                        (1 + error_of(tcp_frames(row.iperf_tcp), row.requested)) * 100);
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
    const nanoseconds late = beyond(row, plain);
    const double rate = error_of(row.flood.bits_per_second, row.rate);
    rows += fmt::format("| {:g} ms | {:g} Mbit/s | {:g} % | {:+.0f} | {} | {:+.2f} % | {} | {}\n", ms(row.delay),
                        megabits(static_cast<double>(row.rate)), row.loss * 100, us(late), verdict(holds(late)),
                        rate * 100, verdict(holds_rate(rate)), loss_columns(row.loss, row.paced));
  }
  return rows;
}

}  // namespace

int write_report(const Measurements& all, Backend backend, const std::filesystem::path& folder) {
  draw_pictures(all, folder / "fidelity");
  Report report{all, backend};
  write_text(report.text(), folder / "fidelity.md");
  return report.misses();
}

}  // namespace validate

#include "validate/beside.hpp"

#include <fmt/format.h>

#include <array>

#include "validate/figures.hpp"
#include "validate/machine.hpp"

namespace validate {
namespace {

using namespace std::chrono_literals;

constexpr const char* kIntroduction = R"(# Beside the kernel's netem

What was asked of links, what those of our engine did and what the kernel's netem did (`emulation: kernel`): one after the
other on the same machine, by the same means as in [fidelity.md](fidelity.md), and fewer of them. `./dev validate --vm`
wrote this page. The machine: {}{}.

{}

)";

constexpr const char* kReal =
    R"(Bounds: the median one-way time within {} µs of what was asked (what the plain cable takes, in the same run, taken off), a
rate within {:g} %, a loss whose 99.9 % interval holds what was asked. What is beyond is a **miss**.)";

constexpr const char* kEmulated =
    R"(Its processors are emulated too (QEMU without KVM): whatever is computed takes many times as long, timers are coarse, and
sender, link and receiver share what there is. **Times tell something only beside the plain cable's and the other link's**, and
are not judged. What does not depend on time is: a loss whose 99.9 % interval does not hold what was asked is a **miss**, and
so is a rate that is off by more than {:g} % where the plain cable carries 5 % more than it. Rates from 100 Mbit/s on are left
out: they depend on what else the real processors have to do.)";

constexpr const char* kDelays = R"(## Delay

{} packets, {:g} ms apart, and 50 pings. µs; the links' are those beyond what was asked and what the plain cable's median takes.

| delay | | plain cable: median | 99 % | one way: median | 99 % | max | ping, median | |
|---|---|---|---|---|---|---|---|---|
)";

constexpr const char* kLosses = R"(
## Loss

| loss | | packets | lost | 95 % interval | |
|---|---|---|---|---|---|
)";

constexpr const char* kRates = R"(
## Rate

Over a link of 5 ms, 30 % more offered than fits.

| rate | | UDP probe | | over the plain cable | iperf3 UDP, as frames | iperf3 TCP, of what is possible |
|---|---|---|---|---|---|---|
)";

constexpr const char* kTcp = R"(
## TCP under loss

One stream of TCP Reno, 6 s after 2 s; the formula is that of [fidelity.md](fidelity.md).

| round trip | loss | engine | netem | formula |
|---|---|---|---|---|
)";

constexpr const char* kGrid = R"(
## Everything together

One way: the median beyond delay + time on the line, the plain cable's taken off, µs.

| delay | rate | loss | | one way | | rate seen | | packets | lost | 95 % interval | |
|---|---|---|---|---|---|---|---|---|---|---|---|
)";

struct Contender {
  const char* name;
  const Measurements& seen;
};

class Beside {
 public:
  Beside(const Measurements& engine, const Measurements& netem) : both_{{{"engine", engine}, {"netem", netem}}} {}

  std::string text() {
    return fmt::format(kIntroduction, processors() == Processors::unknown ? "" : "a virtual one, ", describe_machine(),
                       is_emulated_ ? fmt::format(kEmulated, kRateBound * 100)
                                    : fmt::format(kReal, kDelayBound / 1us, kRateBound * 100)) +
           delays() + losses() + rates() + tcp() + grid();
  }
  int misses() const { return misses_; }

 private:
  std::string delays();
  std::string losses();
  std::string rates();
  std::string tcp();
  std::string grid();

  // For each thing asked a line of each contender.
  template <typename Row, typename Line>
  std::string lines(std::vector<Row> Measurements::*rows, Line line) {
    std::string text;
    for (std::size_t i = 0; i < (both_[0].seen.*rows).size(); ++i) {
      for (const Contender& one : both_) text += line(one, (one.seen.*rows).at(i)) + "\n";
    }
    return text;
  }
  std::string verdict(const Contender& one, bool holds) {
    misses_ += holds || &one != both_.data() ? 0 : 1;
    return holds ? "" : "**miss**";
  }
  std::string time_verdict(const Contender& one, bool holds) { return verdict(one, holds || is_emulated_); }
  std::string loss_columns(const Contender& one, double requested, const Seen& seen) {
    const Lost found = lost(seen);
    return fmt::format("{} | {} | {} |", seen.sent, shown(found), verdict(one, found.possible.contains(requested)));
  }

  std::array<Contender, 2> both_;
  bool is_emulated_ = processors() == Processors::emulated;
  int misses_ = 0;
};

std::string Beside::delays() {
  const Selection used = small_selection();
  return fmt::format(kDelays, used.delay_packets, ms(used.delay_interval)) +
         lines(&Measurements::delays, [&](const Contender& one, const DelayRow& row) {
           const auto late = [&](nanoseconds time) { return us(time - row.plain.p50 - row.requested); };
           const auto ping = row.round_trip.value_or(0ns) - row.plain_round_trip.value_or(0ns) - 2 * row.requested;
           return fmt::format("| {:g} ms | {} | {:.0f} | {:.0f} | {:+.0f} | {:+.0f} | {:+.0f} | {:+.0f} | {} |",
                              ms(row.requested), one.name, us(row.plain.p50), us(row.plain.p99), late(row.seen.p50),
                              late(row.seen.p99), late(row.seen.max), us(ping), time_verdict(one, holds(beyond(row))));
         });
}

std::string Beside::losses() {
  return kLosses + lines(&Measurements::losses, [&](const Contender& one, const LossRow& row) {
           return fmt::format("| {:g} % | {} | {}", row.requested * 100, one.name,
                              loss_columns(one, row.requested, row.seen));
         });
}

std::string Beside::rates() {
  return kRates + lines(&Measurements::rates, [&](const Contender& one, const RateRow& row) {
           const double error = error_of(row.seen.bits_per_second, row.requested);
           return fmt::format(
               "| {:g} Mbit/s | {} | {:.4g} Mbit/s ({:+.2f} %) | {} | {:.4g} Mbit/s | {:+.2f} % | {:.1f} % |",
               megabits(static_cast<double>(row.requested)), one.name, megabits(row.seen.bits_per_second), error * 100,
               is_carried(row.plain.bits_per_second, row.requested) ? verdict(one, holds_rate(error))
                                                                    : "the machine cannot",
               megabits(row.plain.bits_per_second), error_of(udp_frames(row.iperf_udp), row.requested) * 100,
               (1 + error_of(tcp_frames(row.iperf_tcp), row.requested)) * 100);
         });
}

std::string Beside::tcp() {
  std::string rows = kTcp;
  const auto& [engine, netem] = both_;
  for (std::size_t i = 0; i < engine.seen.mathis.size(); ++i) {
    const MathisRow& row = engine.seen.mathis[i];
    rows += fmt::format("| {:g} ms | {:g} % | {:.3g} Mbit/s | {:.3g} Mbit/s | {:.3g} Mbit/s |\n", ms(row.round_trip),
                        row.loss * 100, megabits(row.goodput), megabits(netem.seen.mathis.at(i).goodput),
                        megabits(row.formula));
  }
  return rows;
}

std::string Beside::grid() {
  return kGrid + lines(&Measurements::grid, [&](const Contender& one, const GridRow& row) {
           const nanoseconds late = beyond(row, one.seen.delays.front().plain.p50);
           const double rate = error_of(row.flood.bits_per_second, row.rate);
           return fmt::format("| {:g} ms | {:g} Mbit/s | {:g} % | {} | {:+.0f} | {} | {:+.2f} % | {} | {}",
                              ms(row.delay), megabits(static_cast<double>(row.rate)), row.loss * 100, one.name,
                              us(late), time_verdict(one, holds(late)), rate * 100, verdict(one, holds_rate(rate)),
                              loss_columns(one, row.loss, row.paced));
         });
}

}  // namespace

int write_beside(const Measurements& engine, const Measurements& netem, const std::string& file) {
  Beside page{engine, netem};
  write_text(page.text(), file);
  return page.misses();
}

}  // namespace validate

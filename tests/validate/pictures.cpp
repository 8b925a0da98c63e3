#include "validate/pictures.hpp"

#include <fmt/format.h>

#include <map>

#include "validate/figures.hpp"
#include "validate/svg_plot.hpp"

namespace validate {
namespace {

Plot delay_plot(const Measurements& all) {
  Plot plot{.title = "One-way time beyond the delay", .x = {"delay asked, ms", 0.7, 150}, .y = {"µs", 1, 1'000'000}};
  plot.series = {{"median, plain cable", {}}, {"median", {}}, {"99 %", {}}, {"max", {}}};
  for (const DelayRow& row : all.delays) {
    const nanoseconds times[] = {row.plain.p50, row.seen.p50 - row.requested, row.seen.p99 - row.requested,
                                 row.seen.max - row.requested};
    for (std::size_t i = 0; i < plot.series.size(); ++i) {
      plot.series[i].points.push_back({ms(row.requested), us(times[i])});
    }
  }
  return plot;
}

PlotPoint loss_point(double requested, const Seen& seen) {
  const Lost found = lost(seen);
  return {requested * 100, found.share * 100, found.likely.low * 100, found.likely.high * 100};
}

Plot loss_plot(const Measurements& all) {
  Plot plot{.title = "Loss, asked and seen, with 95 % intervals",
            .x = {"asked, %", 0.05, 20},
            .y = {"seen, %", 0.05, 20},
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

PlotPoint rate_point(std::uint64_t requested, const Seen& seen) {
  return {megabits(static_cast<double>(requested)), (1 + error_of(seen.bits_per_second, requested)) * 100};
}

Plot rate_plot(const Measurements& all) {
  Plot plot{
      .title = "Rate seen, of what was asked", .x = {"asked, Mbit/s", 0.7, 2000}, .y = {"%", 95, 105}, .level = 100};
  plot.series = {{"by itself", {}}, {"with delay and loss", {}}};
  for (const RateRow& row : all.rates) plot.series[0].points.push_back(rate_point(row.requested, row.seen));
  for (const GridRow& row : all.grid) {
    PlotPoint point = rate_point(row.rate, row.flood);
    point.x *= 1.1;  // side by side
    plot.series[1].points.push_back(point);
  }
  return plot;
}

Plot tcp_plot(const Measurements& all) {
  Plot plot{.title = "TCP goodput under loss",
            .x = {"formula, Mbit/s", 0.5, 100},
            .y = {"seen, Mbit/s", 0.1, 100},
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

void draw_pictures(const Measurements& all, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  write_svg(delay_plot(all), folder / "delay.svg");
  write_svg(loss_plot(all), folder / "loss.svg");
  write_svg(rate_plot(all), folder / "rate.svg");
  write_svg(tcp_plot(all), folder / "tcp.svg");
}

}  // namespace validate

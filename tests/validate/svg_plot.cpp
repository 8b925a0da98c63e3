#include "validate/svg_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <stdexcept>

namespace validate {
namespace {

constexpr double kWidth = 640, kHeight = 400;
constexpr double kLeft = 72, kRight = 20, kTop = 36, kBottom = 48;
constexpr std::array kColours{"#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e"};

class Axes {
 public:
  explicit Axes(const Plot& plot) : plot_{plot} {}
  double x(double value) const { return kLeft + part(value, plot_.x) * (kWidth - kLeft - kRight); }
  double y(double value) const { return kHeight - kBottom - part(value, plot_.y) * (kHeight - kTop - kBottom); }

 private:
  static double part(double value, const PlotAxis& axis) {
    return std::clamp(std::log(value / axis.from) / std::log(axis.to / axis.from), 0.0, 1.0);
  }
  const Plot& plot_;
};

std::string line(double x1, double y1, double x2, double y2, const std::string& style) {
  return fmt::format("<line x1='{:.1f}' y1='{:.1f}' x2='{:.1f}' y2='{:.1f}' {}/>\n", x1, y1, x2, y2, style);
}

std::string text(double x, double y, const std::string& words, const std::string& style) {
  return fmt::format("<text x='{:.1f}' y='{:.1f}' {}>{}</text>\n", x, y, style, words);
}

// A grid line and a number at 1, 10, 100 …, between them at 2 and 5 where an axis is short, at all whole numbers where
// it is very short.
std::vector<double> marks(const PlotAxis& axis) {
  const auto [label, from, to] = axis;
  std::vector<double> found;
  if (to / from < 2) {  // nearly linear
    for (double mark = std::ceil(from); mark <= to; ++mark) found.push_back(mark);
    return found;
  }
  const bool is_short = to / from <= 200;
  for (double ten = std::pow(10, std::floor(std::log10(from))); ten <= to * 1.0001; ten *= 10) {
    for (const double times : {1.0, 2.0, 5.0}) {
      if (times > 1 && !is_short) continue;
      if (ten * times >= from * 0.9999 && ten * times <= to * 1.0001) found.push_back(ten * times);
    }
  }
  return found;
}

std::string frame(const Plot& plot, const Axes& axes) {
  const std::string faint = "stroke='#888' stroke-opacity='0.35'";
  std::string svg = text(kWidth / 2, 20, plot.title, "text-anchor='middle' font-weight='bold'");
  for (const double mark : marks(plot.x)) {
    svg += line(axes.x(mark), kTop, axes.x(mark), kHeight - kBottom, faint);
    svg += text(axes.x(mark), kHeight - kBottom + 16, fmt::format("{:g}", mark), "text-anchor='middle'");
  }
  for (const double mark : marks(plot.y)) {
    svg += line(kLeft, axes.y(mark), kWidth - kRight, axes.y(mark), faint);
    svg += text(kLeft - 6, axes.y(mark) + 4, fmt::format("{:g}", mark), "text-anchor='end'");
  }
  svg += text(kWidth / 2, kHeight - 10, plot.x.label, "text-anchor='middle'");
  svg += text(-kHeight / 2, 16, plot.y.label, "text-anchor='middle' transform='rotate(-90)'");
  const std::string dashed = "stroke='#888' stroke-dasharray='5 4'";
  if (plot.diagonal) {
    const double from = std::max(plot.x.from, plot.y.from);
    const double to = std::min(plot.x.to, plot.y.to);
    svg += line(axes.x(from), axes.y(from), axes.x(to), axes.y(to), dashed);
  }
  if (plot.level) svg += line(kLeft, axes.y(*plot.level), kWidth - kRight, axes.y(*plot.level), dashed);
  return svg;
}

std::string drawn(const PlotSeries& series, const Axes& axes, const char* colour) {
  std::string svg;
  for (const PlotPoint& point : series.points) {
    const double x = axes.x(point.x);
    if (point.low && point.high) {
      svg += line(x, axes.y(*point.low), x, axes.y(*point.high), fmt::format("stroke='{}' stroke-width='1.5'", colour));
    }
    svg += fmt::format("<circle cx='{:.1f}' cy='{:.1f}' r='3.5' fill='{}' fill-opacity='0.8'/>\n", x, axes.y(point.y),
                       colour);
  }
  return svg;
}

}  // namespace

void write_svg(const Plot& plot, const std::filesystem::path& file) {
  const Axes axes{plot};
  std::string svg = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {0} {1}' width='{0}' height='{1}' font-family='sans-serif' "
      "font-size='12' fill='#666'>\n",
      kWidth, kHeight);
  svg += frame(plot, axes);
  double legend = kTop + 14;
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const char* colour = kColours[i % kColours.size()];
    svg += drawn(plot.series[i], axes, colour);
    svg += fmt::format("<circle cx='{:.1f}' cy='{:.1f}' r='3.5' fill='{}'/>\n", kLeft + 12, legend - 4, colour);
    svg += text(kLeft + 22, legend, plot.series[i].name, "");
    legend += 16;
  }
  svg += "</svg>\n";
  std::ofstream out{file, std::ios::trunc};
  out << svg;
  out.close();
  if (!out) throw std::runtime_error{"cannot write " + file.string()};
}

}  // namespace validate

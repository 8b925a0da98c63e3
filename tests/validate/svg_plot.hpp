#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace validate {

struct PlotPoint {
  double x = 0, y = 0;
  std::optional<double> low{}, high{};  ///< of y: an error bar
};

struct PlotSeries {
  std::string name;
  std::vector<PlotPoint> points;
};

/// A logarithmic axis.
struct PlotAxis {
  std::string label;
  double from = 1, to = 10;  ///< above 0
};

/// Points over two logarithmic axes, with a dashed line where both are equal or at a constant height.
struct Plot {
  std::string title;
  PlotAxis x{}, y{};
  bool diagonal = false;
  std::optional<double> level{};
  std::vector<PlotSeries> series{};
};

/// As an SVG picture that is readable on light and dark pages.
void write_svg(const Plot& plot, const std::filesystem::path& file);

}  // namespace validate

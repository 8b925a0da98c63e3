#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "dummynet/scenario/graph.hpp"
#include "dummynet/scenario/graph_layout.hpp"

namespace dummynet::scenario {
namespace {

constexpr double kLetter = 8;         // of the names, at 13 px
constexpr double kSmallLetter = 5.4;  // of all else, at 9 px
constexpr double kHeight = 30;
constexpr double kMargin = 90;  // labels reach beyond the nodes

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '&')
      safe += "&amp;";
    else if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else if (c == '"')
      safe += "&quot;";
    else
      safe += c;
  }
  return safe;
}

double width_of(const net::PlannedNode& node) {
  return std::max(60.0, kLetter * static_cast<double>(node.name.size()) + 24);
}

std::string text_at(Point point, std::string_view style, std::string_view text) {
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", style, point.x, point.y + 4,
                     escaped(text));
}

std::string draw_node(const net::PlannedNode& node, Point at) {
  const double width = width_of(node);
  const double corner = node.kind == net::NodeKind::host ? 4 : kHeight / 2;
  return fmt::format(
             "<g class=\"{}\"><title>{} {}</title><rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
             "height=\"{:.1f}\" rx=\"{:.1f}\"/>\n",
             kind_of(node), kind_of(node), escaped(node.name), at.x - width / 2, at.y - kHeight / 2, width, kHeight,
             node.kind == net::NodeKind::bridge ? 0 : corner) +
         text_at(at, "name", node.name) + "</g>\n";
}

/// Where a line from the middle of a node's box leaves it, and some pixels further.
Point leave(Point from, Point towards, double width, double further) {
  const double x = towards.x - from.x;
  const double y = towards.y - from.y;
  const double length = std::max(1.0, std::hypot(x, y));
  const double out = std::min(x == 0 ? length : width / 2 / std::abs(x) * length,
                              y == 0 ? length : kHeight / 2 / std::abs(y) * length);
  const double reach = std::min(out + further, length / 2);
  return {from.x + x / length * reach, from.y + y / length * reach};
}

/// One of several links between two nodes, `aside` pixels from the straight line.
std::string draw_edge(const net::NetworkPlan& plan, const GraphEdge& edge, Point first, Point second, double aside) {
  const double length = std::max(1.0, std::hypot(second.x - first.x, second.y - first.y));
  const Point shift{-(second.y - first.y) / length * aside, (second.x - first.x) / length * aside};
  const Point a{first.x + shift.x, first.y + shift.y};
  const Point b{second.x + shift.x, second.y + shift.y};
  std::string text = fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
                                 edge.label.empty() ? "cable" : "virtual", a.x, a.y, b.x, b.y);
  // Flat lines would run through labels that stand beside each other: there they stand above and below.
  const bool is_flat = std::abs(b.y - a.y) < 0.35 * std::abs(b.x - a.x);
  for (std::size_t end = 0; end < 2; ++end) {
    if (edge.ends.at(end).empty()) continue;
    const double letters = kSmallLetter * static_cast<double>(edge.ends.at(end).size());
    const double width = width_of(plan.nodes[edge.nodes.at(end)]);
    Point at = leave(end == 0 ? a : b, end == 0 ? b : a, width,
                     is_flat                                   ? letters / 2 + 8
                     : edge.label.empty() && edge.fate.empty() ? 22
                                                               : 48);
    if (is_flat) at.y += end == 0 ? -9 : 9;
    text += text_at(at, "end", edge.ends.at(end));
  }
  const std::string& label = edge.label.empty() ? edge.fate : edge.label;
  // What a cable does to packets is long: clear of the names at both ends, which are close to a flat line.
  const double below = is_flat && edge.label.empty() ? 23 : 0;
  if (!label.empty()) text += text_at({(a.x + b.x) / 2, (a.y + b.y) / 2 + below}, "label", label);
  return text;
}

constexpr std::string_view kStyle = R"(<style>
text{font-family:sans-serif;text-anchor:middle}
.name{font-size:13px;font-weight:bold;fill:#202124}
.end,.label{font-size:9px;fill:#3c4043;paint-order:stroke;stroke:#fff;stroke-width:3px}
.label{font-style:italic}
.cable{stroke:#80868b;stroke-width:1.5}
.virtual{stroke:#9334e6;stroke-width:1.2;stroke-dasharray:5 4}
rect{stroke:#5f6368;stroke-width:1.2}
.host rect{fill:#e8f0fe}.router rect{fill:#fef3d6}.nat rect{fill:#fde2e0}.switch rect{fill:#e3f4e4}
</style>
)";

}  // namespace

std::string as_svg(const net::Topology& topology, const net::NetworkPlan& plan, std::span<const std::string> fates) {
  const std::vector<GraphEdge> edges = find_edges(topology, plan, fates);
  double pitch = 100;
  for (const net::PlannedNode& node : plan.nodes) pitch = std::max(pitch, width_of(node) + 30);
  std::vector<std::array<std::size_t, 2>> pairs;
  pairs.reserve(edges.size());
  for (const GraphEdge& edge : edges) {
    pairs.push_back(edge.nodes);
    // Neighbours come to stand nearly two of these apart.
    pitch = std::max(pitch, kSmallLetter / 2 * static_cast<double>(edge.fate.size()) + 60);
  }
  std::vector<Point> points = lay_out(plan.nodes.size(), pairs, pitch);

  Point low = points.empty() ? Point{} : points.front();
  Point high = low;
  for (const Point& point : points) {
    low = {std::min(low.x, point.x), std::min(low.y, point.y)};
    high = {std::max(high.x, point.x), std::max(high.y, point.y)};
  }
  for (Point& point : points) point = {point.x - low.x + kMargin, point.y - low.y + kMargin};

  std::map<std::array<std::size_t, 2>, std::size_t> drawn;  // how many links of each pair
  const double width = high.x - low.x + 2 * kMargin;
  const double height = high.y - low.y + 2 * kMargin;
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\">\n",
      width, height);
  text += kStyle;
  text += "<rect x=\"0\" y=\"0\" width=\"100%\" height=\"100%\" style=\"fill:#fff;stroke:none\"/>\n";
  for (const GraphEdge& edge : edges) {
    const auto [one, other] = std::minmax(edge.nodes[0], edge.nodes[1]);
    const std::size_t before = drawn[{one, other}]++;
    const double side = edge.nodes[0] == one ? 1 : -1;  // the line's own left and right turn with its direction
    text +=
        draw_edge(plan, edge, points[edge.nodes[0]], points[edge.nodes[1]], side * 24 * static_cast<double>(before));
  }
  for (std::size_t node = 0; node < plan.nodes.size(); ++node) text += draw_node(plan.nodes[node], points[node]);
  return text + "</svg>\n";
}

}  // namespace dummynet::scenario

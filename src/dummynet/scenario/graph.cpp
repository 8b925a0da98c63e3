#include "dummynet/scenario/graph.hpp"

#include <fmt/format.h>

#include <unordered_map>

namespace dummynet::scenario {
namespace {

std::string describe(const net::PlannedInterface& interface) {
  std::string text = interface.name;
  for (const net::InterfaceAddress& address : interface.addresses) text += ' ' + address.text();
  return text;
}

std::string quoted_for_dot(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string quoted_for_mermaid(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    // Whatever Mermaid or the HTML below it might read as more than a character.
    if (std::string_view{"\"&<>#;`\\"}.find(c) != std::string_view::npos) {
      quoted += fmt::format("#{};", static_cast<int>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace

std::string_view kind_of(const net::PlannedNode& node) {
  switch (node.kind) {
    case net::NodeKind::router:
      return "router";
    case net::NodeKind::nat_router:
      return "nat";
    case net::NodeKind::bridge:
      return "switch";
    case net::NodeKind::host:
      break;
  }
  return "host";
}

std::vector<GraphEdge> find_edges(const net::Topology& topology, const net::NetworkPlan& plan,
                                  std::span<const std::string> fates) {
  std::vector<GraphEdge> edges(topology.links.size());
  std::unordered_map<std::string_view, std::size_t> by_name;
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) by_name.emplace(plan.nodes[i].name, i);
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const net::LinkSpec& link = topology.links[i];
    edges[i].nodes = {by_name.at(link.first.node), by_name.at(link.second.node)};
    edges[i].kind = link.kind;
    if (link.kind == net::LinkKind::vlan) edges[i].label = fmt::format("vlan {}", link.id);
    if (link.kind == net::LinkKind::vxlan) edges[i].label = fmt::format("vxlan {}", link.id);
    if (link.kind == net::LinkKind::macvlan) edges[i].label = "macvlan";
    if (!fates.empty()) edges[i].fate = fates[i];
  }
  for (const net::PlannedInterface& interface : plan.interfaces) {
    if (!interface.link) continue;
    GraphEdge& edge = edges[*interface.link];
    edge.ends.at(edge.nodes[0] == interface.node ? 0 : 1) = describe(interface);
  }
  return edges;
}

std::string as_dot(const net::Topology& topology, const net::NetworkPlan& plan, std::span<const std::string> fates) {
  std::string text =
      "graph network {\n  layout=neato; overlap=false; splines=true; sep=\"+25\";\n"
      "  node [fontname=\"sans-serif\", style=filled, fillcolor=white];\n"
      "  edge [fontname=\"sans-serif\", fontsize=9, len=2];\n";
  const std::unordered_map<std::string_view, std::string_view> styles{
      {"host", "shape=box, fillcolor=\"#e8f0fe\""},
      {"router", "shape=ellipse, fillcolor=\"#fef3d6\""},
      {"nat", "shape=doublecircle, fillcolor=\"#fde2e0\""},
      {"switch", "shape=hexagon, fillcolor=\"#e3f4e4\""}};
  for (const net::PlannedNode& node : plan.nodes) {
    text += fmt::format("  {} [{}];\n", quoted_for_dot(node.name), styles.at(kind_of(node)));
  }
  for (const GraphEdge& edge : find_edges(topology, plan, fates)) {
    const std::string style = edge.label.empty() ? "" : ", style=dashed";
    const std::string& label = edge.label.empty() ? edge.fate : edge.label;  // only plain cables have a fate
    text +=
        fmt::format("  {} -- {} [taillabel={}, headlabel={}{}{}];\n", quoted_for_dot(plan.nodes[edge.nodes[0]].name),
                    quoted_for_dot(plan.nodes[edge.nodes[1]].name), quoted_for_dot(edge.ends[0]),
                    quoted_for_dot(edge.ends[1]), style, label.empty() ? "" : ", label=" + quoted_for_dot(label));
  }
  return text + "}\n";
}

std::string as_mermaid(const net::Topology& topology, const net::NetworkPlan& plan,
                       std::span<const std::string> fates) {
  const std::unordered_map<std::string_view, std::array<std::string_view, 2>> shapes{
      {"host", {"[", "]"}}, {"router", {"([", "])"}}, {"nat", {"[[", "]]"}}, {"switch", {"{{", "}}"}}};
  std::string text = "graph LR\n";
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    const auto& [open, close] = shapes.at(kind_of(plan.nodes[i]));
    text += fmt::format("  n{}{}{}{}\n", i, open, quoted_for_mermaid(plan.nodes[i].name), close);
  }
  for (const GraphEdge& edge : find_edges(topology, plan, fates)) {
    std::string label = edge.label.empty() ? edge.fate : edge.label;
    for (const std::string& end : edge.ends) {
      if (!end.empty()) label += (label.empty() ? "" : " – ") + end;
    }
    text += fmt::format("  n{} {}{} n{}\n", edge.nodes[0], edge.label.empty() ? "---" : "-.-",
                        label.empty() ? "" : '|' + quoted_for_mermaid(label) + '|', edge.nodes[1]);
  }
  return text;
}

}  // namespace dummynet::scenario

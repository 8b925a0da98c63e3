#include "dummynet/scenario/graph.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "dummynet/net/presets.hpp"
#include "dummynet/scenario/graph_layout.hpp"

namespace dummynet::scenario {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Drawn {
  net::Topology topology;
  net::NetworkPlan plan;
};

/// Three hosts on a switch, two of them joined by a vlan whose interface has an awkward name.
Drawn sample() {
  Drawn drawn;
  drawn.topology = net::star(3);
  net::LinkSpec vlan;
  vlan.kind = net::LinkKind::vlan;
  vlan.id = 10;
  vlan.first = {"h1", "a\"<b", {}, {}};
  vlan.second = {"h2", "", {}, {}};
  drawn.topology.links.push_back(vlan);
  net::PlannedNetwork planned = net::plan_network(drawn.topology);
  EXPECT_TRUE(planned.complaints.empty());
  drawn.plan = std::move(planned.plan);
  return drawn;
}

TEST(Graph, IsWrittenForDot) {
  const Drawn drawn = sample();
  EXPECT_THAT(as_dot(drawn.topology, drawn.plan),
              AllOf(HasSubstr("  \"hub\" [shape=hexagon"), HasSubstr("  \"h1\" [shape=box"),
                    HasSubstr("  \"h1\" -- \"hub\" [taillabel=\"eth0 10.0.0.1/29\", headlabel=\"eth0\"];"),
                    HasSubstr("taillabel=\"a\\\"<b 10.0.0.9/30\""), HasSubstr("style=dashed, label=\"vlan 10\"")));
}

TEST(Graph, SaysWhatLinksDoToPackets) {
  const Drawn drawn = sample();
  std::vector<std::string> fates(drawn.topology.links.size());
  fates[1] = "20ms up 2mbit";
  EXPECT_THAT(as_dot(drawn.topology, drawn.plan, fates), HasSubstr("headlabel=\"eth1\", label=\"20ms up 2mbit\"];"));
  EXPECT_THAT(as_mermaid(drawn.topology, drawn.plan, fates), HasSubstr(" ---|\"20ms up 2mbit – eth0 "));
  EXPECT_THAT(as_svg(drawn.topology, drawn.plan, fates), HasSubstr(">20ms up 2mbit</text>"));
}

TEST(Graph, IsWrittenForMermaid) {
  const Drawn drawn = sample();
  EXPECT_THAT(as_mermaid(drawn.topology, drawn.plan), AllOf(HasSubstr("graph LR\n  n0{{\"hub\"}}\n  n1[\"h1\"]\n"),
                                                            HasSubstr("  n1 ---|\"eth0 10.0.0.1/29 – eth0\"| n0\n"),
                                                            HasSubstr("  n1 -.-|\"vlan 10 – a#34;#60;b 10.0.0.9/30")));
}

TEST(Graph, IsAPictureByItself) {
  const Drawn drawn = sample();
  const std::string svg = as_svg(drawn.topology, drawn.plan);
  EXPECT_THAT(svg, AllOf(HasSubstr("<svg xmlns=\"http://www.w3.org/2000/svg\""), HasSubstr(">hub</text>"),
                         HasSubstr("<g class=\"switch\">"), HasSubstr("a&quot;&lt;b 10.0.0.9/30"),
                         HasSubstr("<line class=\"virtual\""), HasSubstr(">vlan 10</text>")));
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(GraphLayout, KeepsNodesApart) {
  for (const net::Topology& topology :
       {net::line(1), net::line(7), net::ring(9), net::mesh(6), net::star(40), net::tree(3, 3), net::dumbbell(2, 9)}) {
    const net::NetworkPlan plan = net::plan_network(topology).plan;
    std::vector<std::array<std::size_t, 2>> edges;
    for (const GraphEdge& edge : find_edges(topology, plan)) edges.push_back(edge.nodes);
    const std::vector<Point> points = lay_out(plan.nodes.size() + 2, edges, 100);  // two on their own
    for (std::size_t i = 0; i < points.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        EXPECT_GE(std::hypot(points[i].x - points[k].x, points[i].y - points[k].y), 99.0) << i << ' ' << k;
      }
    }
  }
}

}  // namespace
}  // namespace dummynet::scenario

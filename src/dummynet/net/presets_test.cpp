#include "dummynet/net/presets.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

#include "dummynet/net/network_plan.hpp"

namespace dummynet::net {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> links(const Topology& topology) {
  std::vector<std::string> all;
  for (const LinkSpec& link : topology.links) all.push_back(link.first.node + '-' + link.second.node);
  return all;
}

std::size_t count(const Topology& topology, NodeKind kind) {
  std::size_t number = 0;
  for (const NodeSpec& node : topology.nodes) number += node.kind == kind ? 1U : 0U;
  return number;
}

TEST(Presets, AreWhatTheirNamesSay) {
  EXPECT_THAT(links(line(3)), ElementsAre("h1-r1", "h2-r2", "h3-r3", "r1-r2", "r2-r3"));
  EXPECT_THAT(links(ring(3)), ElementsAre("h1-r1", "h2-r2", "h3-r3", "r1-r2", "r2-r3", "r3-r1"));
  EXPECT_THAT(links(mesh(3)), ElementsAre("h1-r1", "h2-r2", "h3-r3", "r1-r2", "r1-r3", "r2-r3"));
  EXPECT_THAT(links(star(3)), ElementsAre("h1-hub", "h2-hub", "h3-hub"));
  EXPECT_THAT(links(tree(2, 2)), ElementsAre("r1-r2", "r1-r3", "r2-h1", "r2-h2", "r3-h3", "r3-h4"));
  EXPECT_THAT(links(dumbbell(2, 1)), ElementsAre("r1-r2", "left1-r1", "left2-r1", "right1-r2"));
}

TEST(Presets, AreSoundInEverySize) {
  for (const Topology& topology : {line(1), line(17), ring(3), ring(20), mesh(1), mesh(9), star(1), star(1000),
                                   star(1, {NodeKind::router}), tree(1, 1), tree(3, 4), tree(9, 1), dumbbell(3, 5)}) {
    EXPECT_THAT(plan_network(topology).complaints, IsEmpty());
  }
  EXPECT_EQ(count(tree(3, 4), NodeKind::host), 64U);
  EXPECT_EQ(count(tree(3, 4), NodeKind::router), 21U);
  EXPECT_EQ(count(star(7), NodeKind::bridge), 1U);
  EXPECT_EQ(count(star(7, {NodeKind::router}), NodeKind::router), 1U);
}

TEST(Presets, RefuseCountsBeyondReason) {
  EXPECT_THROW(line(0), std::invalid_argument);
  EXPECT_THROW(ring(2), std::invalid_argument);
  EXPECT_THROW(mesh(65), std::invalid_argument);
  EXPECT_THROW(star(1024), std::invalid_argument);
  EXPECT_THROW(star(2, {NodeKind::host}), std::invalid_argument);
  EXPECT_THROW(tree(0, 2), std::invalid_argument);
  EXPECT_THROW(tree(30, 30), std::invalid_argument);
  EXPECT_THROW(tree(static_cast<std::size_t>(-1), static_cast<std::size_t>(-1)), std::invalid_argument);
  EXPECT_THROW(dumbbell(1, 0), std::invalid_argument);
}

}  // namespace
}  // namespace dummynet::net

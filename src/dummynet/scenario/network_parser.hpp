#pragma once

#include "dummynet/scenario/reader.hpp"
#include "dummynet/scenario/scenario.hpp"

namespace dummynet::scenario {

/// `addressing`, `topology`, `nodes`, `links` and `emulation`.
void parse_network(Reader& reader, const Element& root, Scenario& scenario);

/// One entry of `nodes`.
NodeSpec parse_node(Reader& reader, const Member& member);

/// One entry of `links` but for its fate; nothing when its endpoints cannot be told.
std::optional<LinkSpec> parse_link(Reader& reader, const Element& element);

/// The value of `topology`.
std::optional<net::Topology> parse_topology(Reader& reader, const Element& element);

}  // namespace dummynet::scenario

#include "dummynet/scenario/link_planner.hpp"

#include <fmt/format.h>

#include "dummynet/wire/impairment_check.hpp"
#include "dummynet/wire/kernel_link.hpp"

namespace dummynet::scenario {

FateSpec fate_of(const Scenario& scenario, const ScenarioNetwork& network, std::size_t link) {
  if (link >= network.preset_links) return scenario.links[link - network.preset_links].fate;
  FateSpec fate = scenario.topology_fate;
  if (link > 0) return fate;
  for (std::size_t direction = 0; direction < fate.directions.size(); ++direction) {
    // A bottleneck's own properties win over all that is said of all links.
    refine(fate.directions.at(direction), scenario.bottleneck.of(direction));
  }
  if (scenario.bottleneck.emulation) fate.emulation = scenario.bottleneck.emulation;
  return fate;
}

void check_impairment(Reader& reader, const wire::Impairment& impairment, Emulation emulation,
                      const ImpairmentSpec& spec, Position link) {
  std::vector<wire::ImpairmentComplaint> complaints = wire::check_impairment(impairment);
  if (emulation == Emulation::kernel && complaints.empty()) complaints = wire::check_kernel_backend(impairment);
  for (const wire::ImpairmentComplaint& complaint : complaints) {
    auto place = spec.given.find(complaint.property == "trace" ? "rate" : complaint.property);
    // One key may be to blame for what another one is told of.
    if (place == spec.given.end() && complaint.property == "queue") place = spec.given.find("limit");
    if (place == spec.given.end() && complaint.property == "jitter") place = spec.given.find("delay");
    reader.complain(place == spec.given.end() ? link : place->second,
                    fmt::format("`{}`: {}", complaint.property, complaint.message));
  }
}

std::vector<PlannedLink> plan_links(Reader& reader, const Scenario& scenario, const ScenarioNetwork& network) {
  std::vector<PlannedLink> links;
  for (std::size_t i = 0; i < network.topology.links.size(); ++i) {
    const FateSpec fate = fate_of(scenario, network, i);
    const Position position = position_of_link(scenario, network, i);
    PlannedLink link;
    link.link = i;
    link.emulation = fate.emulation.value_or(scenario.emulation);
    for (std::size_t direction = 0; direction < link.directions.size(); ++direction) {
      const ImpairmentSpec spec = fate.of(direction);
      refine(link.directions.at(direction), spec);
      check_impairment(reader, link.directions.at(direction), link.emulation, spec, position);
    }
    if (link.directions == decltype(link.directions){}) continue;
    if (network.topology.links[i].kind != net::LinkKind::veth) {
      reader.complain(position,
                      "only a cable, a link of kind `veth`, can do something to packets; tell it of the links "
                      "that this one runs over");
      continue;
    }
    links.push_back(std::move(link));
  }
  return links;
}

}  // namespace dummynet::scenario

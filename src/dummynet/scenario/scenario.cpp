#include "dummynet/scenario/scenario.hpp"

#include <fmt/format.h>

#include <limits>

#include "dummynet/scenario/event_parser.hpp"
#include "dummynet/scenario/network_parser.hpp"
#include "dummynet/scenario/process_parser.hpp"
#include "dummynet/scenario/reader.hpp"

namespace dummynet::scenario {
namespace {

void parse_head(Reader& reader, const Element& root, Scenario& scenario) {
  if (const Element* name = find(root, "name")) {
    scenario.name = reader.text(*name, "`name`").value_or("");
    if (name->is_text() && name->text.empty()) reader.complain(name->position, "`name` is empty");
  }
  if (const Element* seed = find(root, "seed")) {
    scenario.seed = reader.integer(*seed, "`seed`", 0, std::numeric_limits<std::uint64_t>::max()).value_or(1);
  }
  if (const Element* timeout = find(root, "timeout")) scenario.timeout = reader.timeout(*timeout, "`timeout`");
}

}  // namespace

std::string_view to_string(Condition condition) { return keys::kConditions.at(static_cast<std::size_t>(condition)); }

ParsedScenario parse_scenario(const Element& root, const ReadFile& read_file) {
  ParsedScenario result;
  Reader reader{result.complaints, read_file};
  Scenario& scenario = result.scenario;
  if (reader.map(root, kScenarioKeys)) {
    parse_head(reader, root, scenario);
    parse_network(reader, root, scenario);
    if (const Element* processes =
            reader.required_map(root, "processes", "processes: {client: {node: client, command: ping -c 1 server}}")) {
      for (const Member& member : processes->members) scenario.processes.push_back(parse_process(reader, member));
    }
    if (const Element* events = find(root, "events")) scenario.events = parse_events(reader, *events);
  }
  sort_by_position(result.complaints);
  return result;
}

}  // namespace dummynet::scenario

// From any bytes to a plan or to complaints: never a crash, a hang or a leak, and never a plan with complaints unsaid.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dummynet/scenario/planner.hpp"
#include "dummynet/wire/impairment_check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dummynet::scenario;
  // What follows the first NUL is in every file that the scenario refers to.
  const std::string_view all{reinterpret_cast<const char*>(data), size};
  const std::size_t end = std::min(all.find('\0'), size);
  const std::string file{all.substr(std::min(end + 1, size))};
  PlanOptions options;
  options.read_file = [&](const std::string&) { return file; };
  const Planned planned = read_plan(all.substr(0, end), options);
  if (!planned.complaints.empty()) return 0;
  // What the runner relies on.
  const auto& processes = planned.plan.processes;
  if (processes.empty() || planned.plan.network.nodes.empty()) std::abort();
  for (std::size_t i = 0; i < processes.size(); ++i) {
    for (const PlannedDependency& dependency : processes[i].depends_on) {
      if (dependency.process >= i) std::abort();
    }
  }
  for (const PlannedLink& link : planned.plan.links) {
    if (link.link >= planned.plan.topology.links.size()) std::abort();
    for (const auto& impairment : link.directions) {
      if (!dummynet::wire::check_impairment(impairment).empty()) std::abort();
    }
  }
  for (const PlannedEvent& event : planned.plan.events) {
    if (event.signal && event.signal->process >= processes.size()) std::abort();
    for (const PlannedChange& change : event.changes) {
      if (change.link >= planned.plan.links.size() || change.direction > 1) std::abort();
      if (!dummynet::wire::check_impairment(change.impairment).empty()) std::abort();
    }
  }
  return 0;
}

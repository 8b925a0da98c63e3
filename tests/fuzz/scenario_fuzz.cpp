// From any bytes to a plan or to complaints: never a crash, a hang or a leak, and never a plan with complaints unsaid.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dummynet/scenario/planner.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dummynet::scenario;
  const Planned planned = read_plan({reinterpret_cast<const char*>(data), size});
  if (!planned.complaints.empty()) return 0;
  // What the runner relies on.
  const auto& processes = planned.plan.processes;
  if (processes.empty() || planned.plan.network.nodes.empty()) std::abort();
  for (std::size_t i = 0; i < processes.size(); ++i) {
    for (const PlannedDependency& dependency : processes[i].depends_on) {
      if (dependency.process >= i) std::abort();
    }
  }
  return 0;
}

#include "dummynet/scenario/link_emulation.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "dummynet/scenario/link_words.hpp"

namespace dummynet::scenario {

LinkEmulation::LinkEmulation(const Plan& plan, std::vector<Emulation> emulations, ProcessMonitor& monitor,
                             net::Network& network, const EmulationOptions& options, Listeners listeners)
    : plan_{plan}, emulations_{std::move(emulations)} {
  if (std::vector<wire::EmulatedLink> links = links_of(Emulation::kernel); !links.empty()) {
    kernel_.emplace(monitor, network, std::move(links), plan.seed);
    tell_differences(listeners.on_note, wire::kernel_has_netem(monitor));
    if (!kernel_->is_seeded()) listeners.on_note("this kernel's netem has no seed: each run draws other lots");
  }
  if (std::vector<wire::EmulatedLink> links = links_of(Emulation::engine); !links.empty()) {
    engine_.emplace(monitor, network, std::move(links),
                    wire::EngineOptions{plan.seed, options.engine_spin, options.packet_log, options.engine_realtime});
    engine_->on_end(std::move(listeners.on_engine_end));
  }
}

std::vector<wire::EmulatedLink> LinkEmulation::links_of(Emulation emulation) const {
  std::vector<wire::EmulatedLink> links;
  for (std::size_t i = 0; i < plan_.links.size(); ++i) {
    if (emulations_[i] == emulation) links.push_back({plan_.links[i].link, plan_.links[i].directions});
  }
  return links;
}

void LinkEmulation::tell_differences(const std::function<void(const std::string&)>& note, bool has_netem) const {
  std::set<std::string> told;
  for (std::size_t i = 0; i < plan_.links.size(); ++i) {
    if (emulations_[i] != Emulation::kernel) continue;
    for (const wire::Impairment& impairment : plan_.links[i].directions) {
      for (std::string& difference : wire::kernel_backend_differences(impairment, has_netem)) {
        if (told.insert(difference).second) note("emulated by the kernel: " + difference);
      }
    }
  }
}

void LinkEmulation::carry_out(const PlannedEvent& event) {
  std::vector<wire::LinkEngine::Change> changes;
  for (const PlannedChange& change : event.changes) {
    const std::size_t link = plan_.links[change.link].link;
    const auto direction = static_cast<wire::Direction>(change.direction);
    if (emulations_[change.link] == Emulation::kernel) {
      kernel_->set(link, direction, change.impairment);
    } else {
      changes.push_back({link, direction, change.impairment, change.drop_in_flight});
    }
  }
  if (!changes.empty()) engine_->set(changes);
}

std::vector<LinkResult> LinkEmulation::results() {
  const std::vector<std::string> names = name_links(plan_.topology, plan_.network);
  const std::vector<std::array<std::string, 2>> ends = name_ends(plan_.topology, plan_.network);
  std::vector<LinkResult> results;
  for (const PlannedLink& link : plan_.links) {
    LinkResult& result = results.emplace_back();
    result.name = names[link.link];
    result.emulation = emulations_[results.size() - 1];
    for (std::size_t direction = 0; direction < result.directions.size(); ++direction) {
      DirectionResult& one = result.directions.at(direction);
      one.from = ends[link.link].at(direction);
      one.to = ends[link.link].at(1 - direction);
      one.fate = describe(link.directions.at(direction));
      one.queue_limit = describe_queue_limit(link.directions.at(direction));
    }
  }
  if (engine_) read_engine(results);
  if (kernel_) read_kernel(results);
  return results;
}

void LinkEmulation::read_engine(std::vector<LinkResult>& results) {
  const std::vector<wire::LinkCounters> counters = engine_->counters();
  auto next = counters.begin();
  for (LinkResult& result : results) {
    if (result.emulation != Emulation::engine) continue;
    for (std::size_t direction = 0; direction < 2; ++direction) {
      DirectionResult& one = result.directions.at(direction);
      one.counters = next->directions.at(direction);
      for (const std::uint64_t drops : one.counters.fate.drops) one.dropped_packets += drops;
    }
    ++next;
  }
}

// It counts what left and what was dropped, and says of neither why or when.
void LinkEmulation::read_kernel(std::vector<LinkResult>& results) {
  const std::vector<std::array<wire::KernelCounters, 2>> counters = kernel_->counters();
  auto next = counters.begin();
  for (LinkResult& result : results) {
    if (result.emulation != Emulation::kernel) continue;
    for (std::size_t direction = 0; direction < 2; ++direction) {
      DirectionResult& one = result.directions.at(direction);
      one.counters.fate.departed_packets = next->at(direction).departed_packets;
      one.counters.fate.departed_bytes = next->at(direction).departed_bytes;
      one.dropped_packets = next->at(direction).dropped_packets;
    }
    ++next;
  }
}

}  // namespace dummynet::scenario

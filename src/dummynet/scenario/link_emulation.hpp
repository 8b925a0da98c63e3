#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/net/network.hpp"
#include "dummynet/scenario/planner.hpp"
#include "dummynet/scenario/result.hpp"
#include "dummynet/wire/kernel_link.hpp"
#include "dummynet/wire/link_engine.hpp"

namespace dummynet::scenario {

struct EmulationOptions {
  std::chrono::nanoseconds engine_spin = wire::EngineOptions{}.spin;
  bool engine_realtime = false;        ///< wire::EngineOptions::realtime
  std::filesystem::path packet_log{};  ///< wire::EngineOptions::packet_log
};

/// Decides the fate of packets on the links of a plan, by whoever does so for each.
class LinkEmulation {
 public:
  /// What others want to know.
  struct Listeners {
    std::function<void(const std::string& why)> on_engine_end;  ///< before this object does
    std::function<void(const std::string& message)> on_note;    ///< what the kernel does in its own way
  };
  /// Packets pass when it returns. All must outlive it; network.up() has been called, and the links of those
  /// `emulations` (by position in Plan::links) that are the engine's are cut. Throws what wire::LinkEngine and
  /// wire::KernelLinks throw.
  LinkEmulation(const Plan& plan, std::vector<Emulation> emulations, ProcessMonitor& monitor, net::Network& network,
                const EmulationOptions& options, Listeners listeners);

  /// The changes of an event; those of the engine's links all between two packets. Throws when that was not possible.
  void carry_out(const PlannedEvent& event);

  /// What each link of the plan has done so far.
  std::vector<LinkResult> results();

 private:
  std::vector<wire::EmulatedLink> links_of(Emulation emulation) const;
  void tell_differences(const std::function<void(const std::string&)>& note, bool has_netem) const;
  void read_engine(std::vector<LinkResult>& results);
  void read_kernel(std::vector<LinkResult>& results);

  const Plan& plan_;
  std::vector<Emulation> emulations_;  // by position in Plan::links
  std::optional<wire::LinkEngine> engine_;
  std::optional<wire::KernelLinks> kernel_;
};

}  // namespace dummynet::scenario

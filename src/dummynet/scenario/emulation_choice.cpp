#include "dummynet/scenario/emulation_choice.hpp"

#include <optional>
#include <set>
#include <variant>

#include "dummynet/wire/kernel_link.hpp"

namespace dummynet::scenario {
namespace {

// Whose random streams differ from the engine's.
bool is_random(const wire::Impairment& impairment) {
  const wire::Loss& loss = impairment.loss;
  return std::holds_alternative<wire::RandomLoss>(loss) || std::holds_alternative<wire::GilbertElliott>(loss) ||
         impairment.jitter.amount.count() > 0 || impairment.duplicate > 0 || impairment.corrupt > 0 ||
         impairment.reorder.probability > 0;
}

/// Everything that a link is asked to do in a run.
class Demands {
 public:
  explicit Demands(const Plan& plan) : impairments_(plan.links.size()), needs_engine_(plan.links.size()) {
    for (std::size_t i = 0; i < plan.links.size(); ++i) {
      for (const wire::Impairment& impairment : plan.links[i].directions) impairments_[i].push_back(&impairment);
    }
    for (const PlannedEvent& event : plan.events) {
      for (const PlannedChange& change : event.changes) {
        impairments_[change.link].push_back(&change.impairment);
        // The kernel loses what is on its way when a link goes down.
        if (!change.impairment.up && !change.drop_in_flight) needs_engine_[change.link] = true;
      }
    }
  }

  bool can_kernel(std::size_t link, const std::function<bool()>& has_netem) const {
    if (needs_engine_[link]) return false;
    for (const wire::Impairment* impairment : impairments_[link]) {
      if (is_random(*impairment) || !wire::check_kernel_backend(*impairment).empty()) return false;
    }
    for (const wire::Impairment* impairment : impairments_[link]) {
      if (wire::needs_netem(*impairment) && !has_netem()) return false;
      if (!wire::kernel_backend_differences(*impairment, has_netem()).empty()) return false;
    }
    return true;
  }

 private:
  std::vector<std::vector<const wire::Impairment*>> impairments_;
  std::vector<bool> needs_engine_;
};

}  // namespace

std::vector<Emulation> choose_emulations(const Plan& plan, const std::function<bool()>& has_netem) {
  std::optional<bool> answer;
  const auto ask = [&] {
    if (!answer) answer = has_netem();
    return *answer;
  };
  const Demands demands{plan};
  std::vector<Emulation> chosen;
  for (std::size_t i = 0; i < plan.links.size(); ++i) {
    Emulation emulation = plan.links[i].emulation;
    if (emulation == Emulation::automatic) {
      emulation = demands.can_kernel(i, ask) ? Emulation::kernel : Emulation::engine;
    }
    chosen.push_back(emulation);
  }
  return chosen;
}

net::NetworkPlan cut_links(const Plan& plan, const std::vector<Emulation>& emulations) {
  std::set<std::size_t> cut;
  for (std::size_t i = 0; i < plan.links.size(); ++i) {
    if (emulations[i] == Emulation::engine) cut.insert(plan.links[i].link);
  }
  net::NetworkPlan network = plan.network;
  for (net::PlannedInterface& interface : network.interfaces) {
    interface.cut = interface.link && cut.contains(*interface.link);
  }
  return network;
}

}  // namespace dummynet::scenario

#include "dummynet/scenario/fidelity.hpp"

#include <fmt/format.h>

#include "dummynet/scenario/humanise.hpp"

namespace dummynet::scenario {
namespace {

struct Fault {
  double severity = 0;  // how often the bound was exceeded; losses beat all
  std::string text{};
};

double share(std::uint64_t part, std::uint64_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

// Why frames were missed, and what helps.
std::string explain_missed(const wire::DirectionCounters& counters) {
  const bool all = counters.missed_packets == counters.own_losses;
  std::string text =
      fmt::format("; {} came while the engine's sockets were full, which have room for {}",
                  all ? "they" : fmt::format("{} of them", counters.missed_packets), human_bytes(counters.room_bytes));
  if (counters.room_is_limited) {
    text +=
        " as net.core.rmem_max of this machine permits; more: run as root, or sudo sysctl -w "
        "net.core.rmem_max=33554432";
  } else {
    text += ": more traffic than the engine got CPU time for";
  }
  return text;
}

std::optional<Fault> find_fault(const DirectionResult& direction) {
  const wire::DirectionCounters& counters = direction.counters;
  const std::uint64_t released = counters.lateness.count();
  const std::string way = fmt::format("{} → {}", direction.from, direction.to);
  if (counters.own_losses > 0) {
    return Fault{1e9 + static_cast<double>(counters.own_losses),
                 fmt::format("the engine itself lost {} of {} packets {}{}", counters.own_losses,
                             counters.fate.offered_packets + counters.missed_packets, way,
                             counters.missed_packets > 0 ? explain_missed(counters) : "")};
  }
  const auto late = [&](std::uint64_t packets, double most, std::string_view by) -> std::optional<Fault> {
    const double found = share(packets, released);
    if (found <= most) return std::nullopt;
    return Fault{
        found / most,
        fmt::format("{} of {} packets {} ({:.2g}%) left more than {} late, the latest one by {}; {:g}% may", packets,
                    released, way, found * 100, by, human_duration(counters.lateness.max), most * 100)};
  };
  const auto very_late = late(counters.very_late_packets, kMostVeryLate, "5ms (or 25% of the delay)");
  const auto just_late = late(counters.late_packets, kMostLate, "1ms (or 5% of the delay)");
  if (very_late && just_late) return very_late->severity > just_late->severity ? very_late : just_late;
  return very_late ? very_late : just_late;
}

}  // namespace

std::optional<Cause> judge_fidelity(const std::vector<LinkResult>& links) {
  std::optional<Fault> worst;
  for (const LinkResult& link : links) {
    for (const DirectionResult& direction : link.directions) {
      std::optional<Fault> fault = find_fault(direction);
      if (fault && (!worst || fault->severity > worst->severity)) worst = std::move(fault);
    }
  }
  if (!worst) return std::nullopt;
  Cause cause;
  cause.kind = Cause::Kind::unfaithful;
  cause.text = "packets did not meet the fate that was asked for: " + worst->text;
  return cause;
}

}  // namespace dummynet::scenario

#include "dummynet/wire/kernel_link.hpp"

#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "dummynet/core/warden.hpp"
#include "dummynet/net/netlink.hpp"
#include "dummynet/net/qdisc.hpp"
#include "dummynet/wire/kernel_plan.hpp"
#include "dummynet/wire/pipeline.hpp"

namespace dummynet::wire {
namespace {

constexpr std::uint32_t kUsualMtu = 1500;
constexpr int kSandbox = -1;  // its own network
constexpr std::uint32_t kLoopback = 1;

KernelCounters sum(const KernelCounters& before, const net::QdiscCounters& now) {
  return {before.departed_packets + now.packets, before.departed_bytes + now.bytes, before.dropped_packets + now.drops,
          now.waiting_packets, now.waiting_bytes};
}

/// What one end of a link sends.
class KernelDirection {
 public:
  KernelDirection(Warden& warden, int node, std::uint32_t index, std::uint32_t mtu_bytes, std::string object,
                  std::uint64_t seed)
      : warden_{warden}, node_{node}, index_{index}, mtu_bytes_{mtu_bytes}, object_{std::move(object)}, seed_{seed} {}

  void set(const Impairment& impairment, bool has_netem);
  KernelCounters counters() const;
  const Impairment& impairment() const noexcept { return impairment_; }
  bool is_seeded() const noexcept { return is_seeded_; }

 private:
  net::NetlinkSocket open_socket() const {
    return net::NetlinkSocket{warden_.open_socket(node_, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)};
  }
  void read_back(net::NetlinkSocket& socket);

  Warden& warden_;
  int node_;
  std::uint32_t index_;
  std::uint32_t mtu_bytes_;
  std::string object_;
  std::uint64_t seed_;
  Impairment impairment_{};
  std::vector<net::Qdisc> chain_{};
  std::uint32_t generation_ = 0;
  KernelCounters before_{};  // of chains that are gone
  bool is_seeded_ = true;
};

void KernelDirection::set(const Impairment& impairment, bool has_netem) {
  std::vector<net::Qdisc> chain = plan_kernel_link(impairment, seed_, mtu_bytes_, has_netem);
  if (chain == chain_) {
    impairment_ = impairment;
    return;
  }
  net::NetlinkSocket socket = open_socket();
  if (!can_change_in_place(chain_, chain)) {
    before_ = counters();
    // What was on its way is lost with its chain.
    before_.dropped_packets += before_.waiting_packets;
    ++generation_;
    if (chain.empty()) {
      net::NetlinkRequest request = net::delete_qdisc(index_, object_);
      socket.run({&request, 1});
    }
  }
  chain_ = std::move(chain);
  for (std::size_t i = 0; i < chain_.size(); ++i) {
    const auto place = net::place_in_chain(index_, generation_, i);
    net::apply_qdisc(socket, net::set_qdisc(place, chain_[i], true, object_), net::kind_of(chain_[i]),
                     "use `emulation: engine`");
  }
  impairment_ = impairment;
  read_back(socket);
}

void KernelDirection::read_back(net::NetlinkSocket& socket) {
  const std::vector<net::QdiscState> states = net::read_qdiscs(socket, index_, object_);
  is_seeded_ = true;
  for (std::size_t i = 0; i < chain_.size(); ++i) {
    const std::string kind = net::kind_of(chain_[i]);
    if (i >= states.size() || !states[i].qdisc) {
      throw std::runtime_error{"qdisc " + kind + " on " + object_ + ": asked for it, the kernel has " +
                               (i < states.size() ? states[i].kind : "none")};
    }
    if (const auto difference = net::find_difference(chain_[i], *states[i].qdisc)) {
      throw std::runtime_error{"qdisc " + kind + " on " + object_ + ": " + *difference};
    }
    if (const auto* netem = std::get_if<net::NetemQdisc>(&*states[i].qdisc); netem && !netem->seed) is_seeded_ = false;
  }
}

KernelCounters KernelDirection::counters() const {
  KernelCounters counters = before_;
  counters.waiting_packets = counters.waiting_bytes = 0;
  if (chain_.empty()) return counters;
  net::NetlinkSocket socket = open_socket();
  const std::vector<net::QdiscState> states = net::read_qdiscs(socket, index_, object_);
  return states.empty() ? counters : sum(counters, states.front().counters);
}

}  // namespace

class KernelLinks::State {
 public:
  State(ProcessMonitor& monitor, const net::Network& network, const std::vector<EmulatedLink>& links,
        std::uint64_t seed)
      : monitor_{monitor} {
    for (const EmulatedLink& link : links) {
      names_.push_back(link.link);
      for (std::uint32_t end = 0; end < 2; ++end) {
        const std::uint64_t its_own = direction_seed(seed, static_cast<std::uint32_t>(link.link), end);
        directions_.push_back(direction_at(network, link.link, end, its_own));
        set(directions_.back(), link.directions.at(end));
      }
    }
  }

  KernelDirection& at(std::size_t link, Direction direction) {
    const auto found = std::ranges::find(names_, link);
    if (found == names_.end()) throw std::invalid_argument{"link " + std::to_string(link) + " is not the kernel's"};
    return directions_.at(2 * static_cast<std::size_t>(found - names_.begin()) + static_cast<std::size_t>(direction));
  }
  void set(KernelDirection& direction, const Impairment& impairment);
  const std::vector<KernelDirection>& directions() const noexcept { return directions_; }

 private:
  KernelDirection direction_at(const net::Network& network, std::size_t link, std::size_t end, std::uint64_t seed);
  bool has_netem();

  ProcessMonitor& monitor_;
  std::vector<std::size_t> names_{};
  std::vector<KernelDirection> directions_{};  // two of each link
  std::optional<bool> has_netem_{};
};

KernelDirection KernelLinks::State::direction_at(const net::Network& network, std::size_t link, std::size_t end,
                                                 std::uint64_t seed) {
  const net::NetworkPlan& plan = network.plan();
  std::vector<const net::PlannedInterface*> ends;
  for (const net::PlannedInterface& one : plan.interfaces) {
    if (one.link == link && one.kind == net::InterfaceKind::veth && !one.cut) ends.push_back(&one);
  }
  if (ends.size() != 2) {
    throw std::invalid_argument{"link " + std::to_string(link) + " of the topology is no veth link, or it is cut"};
  }
  const net::PlannedInterface& one = *ends[end];
  const std::string& node = plan.nodes[one.node].name;
  return {monitor_.warden(),           network.place(node).node, one.index,
          one.mtu.value_or(kUsualMtu), node + ':' + one.name,    seed};
}

bool KernelLinks::State::has_netem() {
  if (!has_netem_) has_netem_ = kernel_has_netem(monitor_);
  return *has_netem_;
}

void KernelLinks::State::set(KernelDirection& direction, const Impairment& impairment) {
  for (auto complaints : {check_impairment(impairment), check_kernel_backend(impairment)}) {
    if (!complaints.empty()) {
      throw std::invalid_argument{complaints.front().property + ": " + complaints.front().message};
    }
  }
  // What needs it is asked of the kernel, whose refusal says more than we could.
  const bool has_rate = !std::holds_alternative<std::monostate>(impairment.rate);
  direction.set(impairment, needs_netem(impairment) || (has_rate && has_netem()));
}

KernelLinks::KernelLinks(ProcessMonitor& monitor, const net::Network& network, const std::vector<EmulatedLink>& links,
                         std::uint64_t seed)
    : state_{std::make_unique<State>(monitor, network, links, seed)} {}
KernelLinks::~KernelLinks() = default;

void KernelLinks::set(std::size_t link, Direction direction, const Impairment& impairment) {
  state_->set(state_->at(link, direction), impairment);
}

const Impairment& KernelLinks::impairment(std::size_t link, Direction direction) const {
  return state_->at(link, direction).impairment();
}

std::vector<std::array<KernelCounters, 2>> KernelLinks::counters() {
  std::vector<std::array<KernelCounters, 2>> all;
  const auto& directions = state_->directions();
  for (std::size_t i = 0; i < directions.size(); i += 2) {
    all.push_back({directions[i].counters(), directions[i + 1].counters()});
  }
  return all;
}

bool KernelLinks::is_seeded() const noexcept {
  return std::ranges::all_of(state_->directions(), &KernelDirection::is_seeded);
}

bool kernel_has_netem(ProcessMonitor& monitor) {
  // The sandbox's own network, in which nobody lives.
  net::NetlinkSocket socket{monitor.warden().open_socket(kSandbox, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)};
  const net::QdiscPlace place{kLoopback, 0, TC_H_ROOT};
  net::NetemQdisc netem;
  netem.limit_packets = 1000;
  net::NetlinkRequest request = net::set_qdisc(place, netem, true, "the sandbox's loopback");
  try {
    socket.run({&request, 1});
  } catch (const std::system_error& error) {
    if (error.code().value() == ENOENT) return false;
    throw;
  }
  net::NetlinkRequest removal = net::delete_qdisc(kLoopback, "the sandbox's loopback");
  socket.run({&removal, 1});
  return true;
}

}  // namespace dummynet::wire

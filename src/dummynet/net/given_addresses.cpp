#include "dummynet/net/given_addresses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "dummynet/net/free_subnets.hpp"
#include "dummynet/net/name.hpp"

namespace dummynet::net {
namespace {

using Where = TopologyComplaint::Place;

// Loopback addresses are on no segment: each stands for itself.
constexpr std::size_t kNoSegment = std::numeric_limits<std::size_t>::max();

bool is_within(const IpAddress& address, std::string_view subnet) { return Subnet::parse(subnet)->contains(address); }

/// Why no interface can have it, or nothing.
std::string find_fault(const InterfaceAddress& given) {
  const IpAddress& address = given.address;
  if (given.length == 0) return "its subnet would be the whole internet";
  if (is_within(address, "0.0.0.0/8") || address == IpAddress::parse("::")) return "it means no address at all";
  if (is_within(address, "127.0.0.0/8") || address == IpAddress::parse("::1")) return "it is every node's loopback";
  if (is_within(address, "224.0.0.0/4") || is_within(address, "ff00::/8")) return "it is a multicast address";
  if (is_within(address, "240.0.0.0/4")) return "it is reserved (RFC 1112)";
  if (is_within(address, "fe80::/10")) return "link-local addresses are given by the kernel";
  if (address.bits() - given.length < 2) return {};
  if (address == given.subnet().base) return "it is the name of its subnet; take one behind it";
  if (address.family() == IpFamily::v4) {
    const auto last = given.subnet().base.plus((std::uint64_t{1} << static_cast<unsigned>(32 - given.length)) - 1);
    if (address == last) return "it is the broadcast address of its subnet; take one before it";
  }
  return {};
}

}  // namespace

GivenAddresses::GivenAddresses(NetworkDraft& draft) {
  for (std::size_t node = 0; node < draft.topology.nodes.size(); ++node) take_from_node(draft, node);
  for (std::size_t link = 0; link < draft.ends.size(); ++link) {
    for (std::size_t end = 0; end < 2; ++end) take_from_end(draft, link, end);
    take_from_link(draft, link);
  }
  check_overlaps(draft);
  for (const Range& range : ranges_) subnets_.push_back(range.subnet);
}

void GivenAddresses::take_from_node(NetworkDraft& draft, std::size_t node) {
  PlannedNode& planned = draft.plan.nodes[node];
  // A switch has them on the bridge, where they belong to its segment; all others on their loopback.
  const auto bridge = draft.bridge_of[node];
  const std::size_t segment = bridge ? draft.segment_of[*bridge] : kNoSegment;
  auto& taker = bridge ? draft.plan.interfaces[*bridge].addresses : planned.loopback_addresses;
  for (const InterfaceAddress& address : draft.topology.nodes[node].addresses) {
    take(draft, address, segment, {Where::node, node}, backticked(planned.name), taker);
  }
}

void GivenAddresses::take_from_end(NetworkDraft& draft, std::size_t link, std::size_t end) {
  const auto interface = draft.ends[link].at(end).interface;
  const EndpointSpec& spec = draft.endpoint(link, end);
  if (!interface || spec.addresses.empty()) return;
  PlannedInterface& planned = draft.plan.interfaces[*interface];
  if (planned.bridge) {
    draft.complain_about_end(link, end,
                             "a port of a switch has no address; give it to the node, which has it on its "
                             "bridge");
    return;
  }
  if (end == 0 && draft.topology.links[link].kind == LinkKind::macvlan) return;  // complained about already
  const Origin origin{end == 0 ? Where::first_endpoint : Where::second_endpoint, link};
  for (const InterfaceAddress& address : spec.addresses) {
    const bool is_known =
        planned.link != link && std::ranges::find(planned.addresses, address) != planned.addresses.end();
    if (is_known) continue;  // two links share this interface of a vlan
    take(draft, address, draft.segment_of[*interface], origin, draft.shown(*interface), planned.addresses);
  }
}

void GivenAddresses::take(NetworkDraft& draft, const InterfaceAddress& address, std::size_t segment,
                          const Origin& origin, const std::string& owner, std::vector<InterfaceAddress>& taker) {
  if (const std::string fault = find_fault(address); !fault.empty()) {
    draft.complain(origin.place, origin.index, fmt::format("{} cannot be an address: {}", address.text(), fault));
    return;
  }
  const auto [first, is_new] = owners_.emplace(address.address, owner);
  if (!is_new) {
    draft.complain(origin.place, origin.index,
                   fmt::format("{} is given twice: {} has it already", address.address.text(), first->second));
    return;
  }
  taker.push_back(address);
  const Subnet subnet = address.subnet();
  if (segment != kNoSegment) by_segment_.emplace(std::pair{segment, subnet.base.family()}, subnet);
  ranges_.push_back({subnet, segment, origin, owner});
}

void GivenAddresses::take_from_link(NetworkDraft& draft, std::size_t link) {
  const auto& subnet = draft.topology.links[link].subnet;
  const auto& [first, second] = draft.ends[link];
  const auto interface = second.interface ? second.interface : first.interface;
  if (!subnet || !interface) return;
  const Origin origin{Where::link, link};
  if (const std::string fault = find_fault({first_address_in(*subnet), subnet->length}); !fault.empty()) {
    draft.complain(Where::link, link,
                   fmt::format("{} cannot be the subnet of a link: of its first address, {}", subnet->text(), fault));
    return;
  }
  ranges_.push_back({*subnet, draft.segment_of[*interface], origin, "the link of " + draft.shown(*interface)});
}

void GivenAddresses::check_overlaps(NetworkDraft& draft) {
  // Sorted so, whatever overlaps with a subnet and is not inside it comes before it: one look back suffices.
  std::vector<const Range*> sorted;
  for (const Range& range : ranges_) sorted.push_back(&range);
  std::ranges::stable_sort(sorted, {}, [](const Range* range) { return range->subnet; });
  const Range* widest = nullptr;
  for (const Range* range : sorted) {
    if (!widest || !widest->subnet.contains(range->subnet.base)) {
      widest = range;
      continue;
    }
    const bool is_same = widest->subnet == range->subnet;
    if (is_same && widest->segment == range->segment && range->segment != kNoSegment) continue;
    if (is_same && range->segment == kNoSegment && widest->segment == kNoSegment && widest->owner == range->owner) {
      continue;
    }
    // The later one in the text is the one to blame.
    const auto key = [](const Range* one) { return std::pair{one->origin.place != Where::node, one->origin.index}; };
    const Range* late = key(range) < key(widest) ? widest : range;
    const Range* early = late == range ? widest : range;
    draft.complain(late->origin.place, late->origin.index,
                   fmt::format("{} of {} overlaps with {} of {}: each segment needs a subnet of its own",
                               late->subnet.text(), late->owner, early->subnet.text(), early->owner));
  }
}

std::uint64_t GivenAddresses::count_in(const Subnet& subnet) const {
  // Addresses are ordered by number, so those of a subnet stand together.
  std::uint64_t count = 0;
  for (auto i = owners_.lower_bound(subnet.base); i != owners_.end() && subnet.contains(i->first); ++i) ++count;
  return count;
}

std::optional<Subnet> GivenAddresses::subnet_of(std::size_t segment, IpFamily family) const {
  const auto found = by_segment_.find({segment, family});
  return found == by_segment_.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace dummynet::net

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "dummynet/net/free_subnets.hpp"
#include "dummynet/net/given_addresses.hpp"
#include "dummynet/net/name.hpp"
#include "dummynet/net/network_draft.hpp"

namespace dummynet::net {
namespace {

using Where = TopologyComplaint::Place;

std::string_view to_string(IpFamily family) { return family == IpFamily::v4 ? "IPv4" : "IPv6"; }

class AddressChooser {
 public:
  AddressChooser(NetworkDraft& draft, const GivenAddresses& given)
      : draft_{draft}, given_{given}, is_done_(draft.plan.interfaces.size()) {
    for (std::size_t link = 0; link < draft_.ends.size(); ++link) {
      for (std::size_t end = 0; end < 2; ++end) note_end(link, end);
    }
  }

  void choose(IpFamily family) {
    const Subnet& range = family == IpFamily::v4 ? draft_.topology.v4_range : draft_.topology.v6_range;
    if (range.base.family() != family || range.length > (family == IpFamily::v4 ? 30 : 64)) return;
    FreeSubnets free{range, given_.subnets()};
    for (const std::size_t segment : order_) choose_for(segments_[segment], family, free);
  }

 private:
  struct Segment {
    std::vector<std::size_t> interfaces;  // that want an address, in the order of the links
    std::vector<std::size_t> links;
  };

  void note_end(std::size_t link, std::size_t end);
  void choose_for(const Segment& segment, IpFamily family, FreeSubnets& free);
  std::optional<Subnet> wanted_subnet(const Segment& segment, IpFamily family);
  void fill(const Segment& segment, const Subnet& subnet);

  NetworkDraft& draft_;
  const GivenAddresses& given_;
  std::vector<bool> is_done_;                          // by interface: noted
  std::unordered_map<std::size_t, Segment> segments_;  // by their number
  std::vector<std::size_t> order_;                     // of the first link of each
};

void AddressChooser::note_end(std::size_t link, std::size_t end) {
  const auto interface = draft_.ends[link].at(end).interface;
  if (!interface) return;
  const auto [segment, is_new] = segments_.try_emplace(draft_.segment_of[*interface]);
  if (is_new) order_.push_back(segment->first);
  if (segment->second.links.empty() || segment->second.links.back() != link) segment->second.links.push_back(link);
  const bool is_made_here = draft_.plan.interfaces[*interface].link == link;  // else shared, or a macvlan's parent
  if (!is_made_here || is_done_[*interface] || !draft_.is_addressable(*interface)) return;
  is_done_[*interface] = true;
  if (draft_.plan.interfaces[*interface].addresses.empty()) segment->second.interfaces.push_back(*interface);
}

/// What is given for this segment, by a link of it or by the address of somebody else there.
std::optional<Subnet> AddressChooser::wanted_subnet(const Segment& segment, IpFamily family) {
  std::optional<Subnet> wanted;
  for (const std::size_t link : segment.links) {
    const auto& subnet = draft_.topology.links[link].subnet;
    if (!subnet || subnet->base.family() != family) continue;
    if (wanted && wanted != subnet) {
      draft_.complain(
          Where::link, link,
          fmt::format("{} is not {}, which another link of the same segment gives", subnet->text(), wanted->text()));
      continue;
    }
    wanted = subnet;
  }
  if (wanted || segment.links.empty()) return wanted;
  const std::size_t any = segment.interfaces.front();
  return given_.subnet_of(draft_.segment_of[any], family);
}

void AddressChooser::choose_for(const Segment& segment, IpFamily family, FreeSubnets& free) {
  if (segment.interfaces.empty()) return;
  const std::size_t link = *draft_.plan.interfaces[segment.interfaces.front()].link;
  auto subnet = wanted_subnet(segment, family);
  if (subnet) {
    const std::uint64_t used = given_.count_in(*subnet);
    const std::uint64_t room = room_in(*subnet) - std::min(room_in(*subnet), used);
    if (room >= segment.interfaces.size()) return fill(segment, *subnet);
    draft_.complain(
        Where::link, link,
        fmt::format("the subnet {} has {} addresses{}, but {} interfaces need one; give a larger one", subnet->text(),
                    room_in(*subnet), used == 0 ? "" : fmt::format(", {} in use", used), segment.interfaces.size()));
    return;
  }
  subnet = free.next(length_for(family, segment.interfaces.size()));
  if (subnet) return fill(segment, *subnet);
  const Subnet& range = family == IpFamily::v4 ? draft_.topology.v4_range : draft_.topology.v6_range;
  draft_.complain(
      Where::link, link,
      fmt::format("all {} addresses of {} are in use; give this link a subnet", to_string(family), range.text()));
}

void AddressChooser::fill(const Segment& segment, const Subnet& subnet) {
  IpAddress candidate = first_address_in(subnet);
  bool is_first = true;
  for (const std::size_t interface : segment.interfaces) {
    if (!is_first) candidate = candidate.plus(1);
    while (given_.contains(candidate)) candidate = candidate.plus(1);
    is_first = false;
    draft_.plan.interfaces[interface].addresses.push_back({candidate, subnet.length});
  }
}

}  // namespace

void give_addresses(NetworkDraft& draft) {
  GivenAddresses given{draft};
  AddressChooser chooser{draft, given};
  std::vector<IpFamily> families;
  for (const IpFamily family : draft.topology.families) {
    if (std::ranges::find(families, family) == families.end()) families.push_back(family);
  }
  for (const IpFamily family : families) chooser.choose(family);
}

}  // namespace dummynet::net

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/net/network_draft.hpp"

namespace dummynet::net {

/// Puts the addresses that a topology gives where they belong, complains about those that cannot be, and knows them
/// afterwards, so that chosen ones stay clear of them.
class GivenAddresses {
 public:
  explicit GivenAddresses(NetworkDraft& draft);

  /// All given subnets: of addresses and of links.
  const std::vector<Subnet>& subnets() const noexcept { return subnets_; }
  bool contains(const IpAddress& address) const { return owners_.contains(address); }
  std::uint64_t count_in(const Subnet& subnet) const;
  /// That of the first address given to somebody on this segment.
  std::optional<Subnet> subnet_of(std::size_t segment, IpFamily family) const;

 private:
  struct Origin {
    TopologyComplaint::Place place;
    std::size_t index;
  };
  struct Range {
    Subnet subnet;
    std::size_t segment;
    Origin origin;
    std::string owner;
  };
  void take_from_node(NetworkDraft& draft, std::size_t node);
  void take_from_end(NetworkDraft& draft, std::size_t link, std::size_t end);
  void take(NetworkDraft& draft, const InterfaceAddress& address, std::size_t segment, const Origin& origin,
            const std::string& owner, std::vector<InterfaceAddress>& taker);
  void take_from_link(NetworkDraft& draft, std::size_t link);
  void check_overlaps(NetworkDraft& draft);

  std::map<IpAddress, std::string> owners_;
  std::vector<Range> ranges_;
  std::vector<Subnet> subnets_;
  std::map<std::pair<std::size_t, IpFamily>, Subnet> by_segment_;
};

}  // namespace dummynet::net

#include "dummynet/net/free_subnets.hpp"

#include <algorithm>

namespace dummynet::net {
namespace {

constexpr int kV6Unit = 64;

std::uint64_t upper_bits(const IpAddress& address) {
  const std::size_t bytes = address.family() == IpFamily::v4 ? 4 : 8;
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes; ++i) number = number << 8U | address.bytes().at(i);
  return number;
}

IpAddress from_upper_bits(IpFamily family, std::uint64_t number) {
  if (family == IpFamily::v4) return IpAddress{static_cast<std::uint32_t>(number)};
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 8; i-- > 0; number >>= 8U) bytes.at(i) = static_cast<std::uint8_t>(number);
  return IpAddress{bytes};
}

}  // namespace

std::uint64_t room_in(const Subnet& subnet) {
  const int free_bits = subnet.base.bits() - subnet.length;
  if (free_bits <= 1) return std::uint64_t{1} << static_cast<unsigned>(free_bits);
  const std::uint64_t all = std::uint64_t{1} << static_cast<unsigned>(std::min(free_bits, 63));
  return all - (subnet.base.family() == IpFamily::v4 ? 2 : 1);
}

IpAddress first_address_in(const Subnet& subnet) {
  return subnet.base.bits() - subnet.length <= 1 ? subnet.base : subnet.base.plus(1);
}

int length_for(IpFamily family, std::uint64_t interfaces) {
  if (family == IpFamily::v6) return kV6Unit;
  int length = 30;
  while (length > 0 && room_in({IpAddress{}, length}) < interfaces) --length;
  return length;
}

FreeSubnets::FreeSubnets(const Subnet& range, const std::vector<Subnet>& in_use)
    : family_{range.base.family()}, range_{span_of(range)}, next_{range_.first} {
  std::vector<Span> spans;
  for (const Subnet& subnet : in_use) {
    if (subnet.base.family() == family_) spans.push_back(span_of(subnet));
  }
  std::ranges::sort(spans, {}, &Span::first);
  for (const Span& span : spans) {
    if (!in_use_.empty() && span.first <= in_use_.back().last) {
      in_use_.back().last = std::max(in_use_.back().last, span.last);
    } else {
      in_use_.push_back(span);
    }
  }
}

FreeSubnets::Span FreeSubnets::span_of(const Subnet& subnet) const {
  const int unit = family_ == IpFamily::v4 ? 32 : kV6Unit;
  const auto free_bits = static_cast<unsigned>(std::max(0, unit - subnet.length));
  const std::uint64_t first = upper_bits(subnet.base);
  // A shift by all 64 bits is undefined; ::/0 is everything.
  return {first, free_bits >= 64 ? ~std::uint64_t{0} : first + ((std::uint64_t{1} << free_bits) - 1)};
}

std::optional<Subnet> FreeSubnets::next(int length) {
  const auto free_bits = static_cast<unsigned>((family_ == IpFamily::v4 ? 32 : kV6Unit) - length);
  const std::uint64_t size = std::uint64_t{1} << free_bits;
  while (!is_full_) {
    const std::uint64_t first = (next_ + size - 1) / size * size;
    const std::uint64_t last = first + (size - 1);
    if (first < next_ || last < first || last > range_.last) break;
    while (ahead_ < in_use_.size() && in_use_[ahead_].last < first) ++ahead_;
    if (ahead_ == in_use_.size() || in_use_[ahead_].first > last) {
      is_full_ = last == range_.last;
      next_ = last + 1;
      return Subnet{from_upper_bits(family_, first), length};
    }
    if (in_use_[ahead_].last >= range_.last) break;
    next_ = in_use_[ahead_].last + 1;
  }
  return std::nullopt;
}

}  // namespace dummynet::net

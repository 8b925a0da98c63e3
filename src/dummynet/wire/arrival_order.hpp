#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "dummynet/wire/instant.hpp"

namespace dummynet::wire {

/// Puts what came by several sockets of one group (PACKET_FANOUT_ROLLOVER, packet(7)) into the order in which it came.
/// A socket keeps the order of its own frames; but which one the next frame went to depends on where there was room,
/// and while one is read, others fill. So they are read in rounds, in each of them every socket to its end. What came
/// before something that was read in one round has been read when the next is over; so what one round brought can go on
/// after the next, together with what that one brought with earlier stamps. Pure.
template <typename Item>
class ArrivalOrder {
 public:
  /// What was read in this round, of each socket in its order.
  void add(Nanoseconds stamp, Item item) { waiting_.push_back({stamp, std::move(item)}); }
  /// The round is over. What is in order now, valid until the next call.
  const std::vector<Item>& end_round() {
    in_order_.clear();
    const std::size_t all = waiting_.size();
    const bool is_last = all == known_;  // all sockets were empty
    if (known_ > 0) {
      const auto begin = waiting_.begin();
      const auto known_end = begin + static_cast<std::ptrdiff_t>(known_);
      const Nanoseconds last = std::max_element(begin, known_end, is_earlier)->stamp;
      std::stable_sort(begin, waiting_.end(), is_earlier);
      const auto end =
          is_last ? waiting_.end() : std::upper_bound(begin, waiting_.end(), Waiting{last, {}}, is_earlier);
      for (auto one = begin; one != end; ++one) in_order_.push_back(std::move(one->item));
      waiting_.erase(begin, end);
    }
    known_ = waiting_.size();
    return in_order_;
  }
  /// Nothing waits for the end of a round.
  bool is_empty() const noexcept { return waiting_.empty(); }

 private:
  struct Waiting {
    Nanoseconds stamp{0};
    Item item{};
  };
  static bool is_earlier(const Waiting& one, const Waiting& other) noexcept { return one.stamp < other.stamp; }

  std::vector<Waiting> waiting_;
  std::size_t known_ = 0;  // of them, the first: from rounds before
  std::vector<Item> in_order_;
};

}  // namespace dummynet::wire

#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "dummynet/wire/impairment.hpp"

namespace dummynet::wire {

/// What is on its way in one direction, the earliest due first; with the same time, who came first. Nearly always each
/// is due after the one before: those are a line, which costs nothing to keep; only who overtakes goes to a heap.
class DueQueue {
 public:
  struct Entry {
    Nanoseconds due{0};
    std::uint64_t order = 0;
    std::uint32_t frame = 0;
  };
  void push(Nanoseconds due, std::uint32_t frame);
  /// What was popped could not go: it has its place again.
  void put_back(const Entry& entry);
  bool empty() const noexcept { return line_.empty() && heap_.empty(); }
  std::size_t size() const noexcept { return line_.size() + heap_.size(); }
  /// Nanoseconds::max(): nothing.
  Nanoseconds earliest() const noexcept;
  /// Only when there is one.
  Entry pop();

 private:
  static bool is_later(const Entry& one, const Entry& other) noexcept {
    return one.due != other.due ? one.due > other.due : one.order > other.order;
  }
  bool heap_is_first() const noexcept;

  std::deque<Entry> line_;
  std::vector<Entry> heap_;
  std::uint64_t pushed_ = 0;
};

}  // namespace dummynet::wire

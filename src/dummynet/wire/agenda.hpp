#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dummynet/wire/impairment.hpp"

namespace dummynet::wire {

/// Who has to be looked after next: a binary heap of one time for each of 0 to n-1, each of which may change.
class Agenda {
 public:
  /// One more, with nothing to do.
  void add();
  /// Nanoseconds::max(): nothing to do.
  void set(std::uint32_t who, Nanoseconds when) noexcept;
  /// Nanoseconds::max(): nobody.
  Nanoseconds earliest() const noexcept { return heap_.empty() ? Nanoseconds::max() : heap_.front().when; }
  /// Only if there is anybody.
  std::uint32_t first() const noexcept { return heap_.front().who; }

 private:
  struct Entry {
    Nanoseconds when{0};
    std::uint32_t who = 0;
  };
  void put(std::size_t at, Entry entry) noexcept;
  void rise(std::size_t at, Entry entry) noexcept;
  void sink(std::size_t at, Entry entry) noexcept;

  std::vector<Entry> heap_;
  std::vector<std::size_t> places_;  // of each in the heap
};

}  // namespace dummynet::wire

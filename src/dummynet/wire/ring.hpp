#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace dummynet::wire {

/// A queue with two ends that keeps the memory it once needed: no allocation per packet.
template <typename T>
class Ring {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  T& front() noexcept { return slots_[first_]; }
  const T& front() const noexcept { return slots_[first_]; }
  T& back() noexcept { return slots_[at(size_ - 1)]; }

  void push_back(const T& value) {
    if (size_ == slots_.size()) grow();
    slots_[at(size_)] = value;
    ++size_;
  }
  void push_front(const T& value) {
    if (size_ == slots_.size()) grow();
    first_ = (first_ - 1) & (slots_.size() - 1);
    slots_[first_] = value;
    ++size_;
  }
  void pop_front() noexcept {
    first_ = at(1);
    --size_;
  }
  void pop_back() noexcept { --size_; }

 private:
  // The number of slots is a power of two.
  std::size_t at(std::size_t offset) const noexcept { return (first_ + offset) & (slots_.size() - 1); }

  void grow() {
    std::vector<T> larger(slots_.empty() ? 16 : 2 * slots_.size());
    for (std::size_t i = 0; i < size_; ++i) larger[i] = slots_[at(i)];
    slots_ = std::move(larger);
    first_ = 0;
  }

  std::vector<T> slots_{};
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace dummynet::wire

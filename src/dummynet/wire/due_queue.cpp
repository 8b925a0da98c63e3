#include "dummynet/wire/due_queue.hpp"

#include <algorithm>

namespace dummynet::wire {

void DueQueue::push(Nanoseconds due, std::uint32_t frame) {
  const Entry entry{due, ++pushed_, frame};
  if (line_.empty() || line_.back().due <= due) {
    line_.push_back(entry);
  } else {
    put_back(entry);
  }
}

void DueQueue::put_back(const Entry& entry) {
  heap_.push_back(entry);
  std::push_heap(heap_.begin(), heap_.end(), is_later);
}

bool DueQueue::heap_is_first() const noexcept {
  return !heap_.empty() && (line_.empty() || is_later(line_.front(), heap_.front()));
}

Nanoseconds DueQueue::earliest() const noexcept {
  if (heap_is_first()) return heap_.front().due;
  return line_.empty() ? Nanoseconds::max() : line_.front().due;
}

DueQueue::Entry DueQueue::pop() {
  if (heap_is_first()) {
    std::pop_heap(heap_.begin(), heap_.end(), is_later);
    const Entry entry = heap_.back();
    heap_.pop_back();
    return entry;
  }
  const Entry entry = line_.front();
  line_.pop_front();
  return entry;
}

}  // namespace dummynet::wire

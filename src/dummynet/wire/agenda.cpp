#include "dummynet/wire/agenda.hpp"

namespace dummynet::wire {

void Agenda::add() {
  places_.push_back(heap_.size());
  heap_.push_back({Nanoseconds::max(), static_cast<std::uint32_t>(places_.size() - 1)});
}

void Agenda::put(std::size_t at, Entry entry) noexcept {
  heap_[at] = entry;
  places_[entry.who] = at;
}

void Agenda::rise(std::size_t at, Entry entry) noexcept {
  while (at > 0) {
    const std::size_t above = (at - 1) / 2;
    if (heap_[above].when <= entry.when) break;
    put(at, heap_[above]);
    at = above;
  }
  put(at, entry);
}

void Agenda::sink(std::size_t at, Entry entry) noexcept {
  for (;;) {
    std::size_t below = 2 * at + 1;
    if (below >= heap_.size()) break;
    if (below + 1 < heap_.size() && heap_[below + 1].when < heap_[below].when) ++below;
    if (heap_[below].when >= entry.when) break;
    put(at, heap_[below]);
    at = below;
  }
  put(at, entry);
}

void Agenda::set(std::uint32_t who, Nanoseconds when) noexcept {
  const std::size_t at = places_[who];
  const Nanoseconds before = heap_[at].when;
  if (when < before) {
    rise(at, {when, who});
  } else if (when > before) {
    sink(at, {when, who});
  }
}

}  // namespace dummynet::wire

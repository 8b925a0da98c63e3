#include "dummynet/wire/rate_schedule.hpp"

#include <algorithm>

namespace dummynet::wire {

ScheduleLine::ScheduleLine(const RateSchedule& schedule, Nanoseconds start, Nanoseconds busy_until)
    : steps_{schedule.steps},
      repeat_{schedule.repeat.value_or(Nanoseconds{0})},
      overhead_bytes_{schedule.overhead_bytes},
      start_{start},
      free_{std::max(start, busy_until)} {
  for (std::size_t i = 0; i < steps_.size() && repeat_.count() > 0; ++i) {
    const Nanoseconds end = i + 1 < steps_.size() ? steps_[i + 1].at : repeat_;
    round_work_ += Wide{steps_[i].bits_per_second} * static_cast<Wide>((end - steps_[i].at).count());
  }
}

// `at` is never before the start, where the first step begins.
ScheduleLine::Segment ScheduleLine::segment(Nanoseconds at) const noexcept {
  if (at >= here_.begin && at < here_.end) return here_;
  Nanoseconds round = start_;
  if (repeat_.count() > 0) round += (at - start_) / repeat_ * repeat_;
  const auto is_later = [](Nanoseconds offset, const RateSchedule::Step& step) { return offset < step.at; };
  const auto next = std::upper_bound(steps_.begin(), steps_.end(), at - round, is_later);
  here_.rate = (next - 1)->bits_per_second;
  here_.begin = round + (next - 1)->at;
  if (next != steps_.end()) {
    here_.end = later(round, next->at);
  } else {
    here_.end = repeat_.count() > 0 ? later(round, repeat_) : kNever;
  }
  return here_;
}

// The first instant from `at` on at which something passes.
Nanoseconds ScheduleLine::open_from(Nanoseconds at) const noexcept {
  for (std::size_t tried = 0; tried <= steps_.size() && at != kNever; ++tried) {
    const Segment here = segment(at);
    if (here.rate > 0) return at;
    at = here.end;
  }
  return kNever;
}

Nanoseconds ScheduleLine::turn(Nanoseconds ready) const noexcept { return open_from(std::max(ready, free_)); }

// Jumps over all rounds that end before the work does. False: it never does.
bool ScheduleLine::skip_rounds(Nanoseconds& at, Wide& work) const noexcept {
  if (repeat_.count() == 0) return true;
  if (round_work_ == 0) return false;
  const Wide rounds = (work - 1) / round_work_;
  const Wide most = static_cast<Wide>(kNever.count() / repeat_.count());
  if (rounds > most) return false;
  at = later(at, rounds * static_cast<Wide>(repeat_.count()));
  work -= rounds * round_work_;
  return at != kNever;
}

ScheduleLine::Finish ScheduleLine::finish(Nanoseconds from, Wide work) const noexcept {
  Nanoseconds at = from;
  // A round is the same from wherever it is begun.
  if (work > 0 && !skip_rounds(at, work)) return {kNever, 0};
  while (at != kNever) {
    const Segment here = segment(at);
    if (here.rate > 0 || work == 0) {
      const Wide needed = work == 0 ? 0 : work / here.rate;
      if (work == 0 || here.end == kNever || needed < static_cast<Wide>((here.end - at).count())) {
        return {later(at, needed), work == 0 ? 0 : static_cast<std::uint64_t>(work % here.rate)};
      }
      work -= Wide{here.rate} * static_cast<Wide>((here.end - at).count());
    }
    at = here.end;
  }
  return {kNever, 0};
}

Nanoseconds ScheduleLine::transmit(Nanoseconds ready, std::uint32_t bytes) noexcept {
  const bool was_idle = ready > free_;
  const Finish done = finish(was_idle ? ready : free_, Wide{work_of(bytes, overhead_bytes_)} + (was_idle ? 0 : rest_));
  if (done.at == kNever) return kNever;
  free_ = done.at;
  rest_ = done.rest;
  return free_;
}

Nanoseconds ScheduleLine::drained(Nanoseconds ready, std::uint64_t bytes, std::uint64_t packets) const noexcept {
  const bool was_idle = ready > free_;
  const Wide work = work_of(bytes, packets, overhead_bytes_) + (was_idle ? 0 : rest_);
  return open_from(finish(was_idle ? ready : free_, work).at);
}

}  // namespace dummynet::wire

#include "dummynet/scenario/timetable.hpp"

namespace dummynet::scenario {

void Timetable::start(Clock::time_point zero) {
  if (zero_) return;
  zero_ = zero;
  wait_for_next();
}

void Timetable::stop() noexcept {
  is_over_ = true;
  poller_.remove(deadline_);
}

void Timetable::wait_for_next() {
  if (is_over_ || done_.size() == events_.size()) return;
  deadline_ = poller_.add_deadline(*zero_ + events_[done_.size()].at, [this] {
    const PlannedEvent& event = events_[done_.size()];
    done_.push_back(Clock::now());
    carry_out_(event);
    wait_for_next();
  });
}

std::vector<EventResult> Timetable::results(Clock::time_point run_start) const {
  std::vector<EventResult> results;
  for (const PlannedEvent& event : events_) {
    EventResult& result = results.emplace_back();
    result.at = event.at;
    result.text = event.text;
    if (results.size() <= done_.size()) result.done = done_[results.size() - 1] - run_start;
  }
  return results;
}

}  // namespace dummynet::scenario

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "dummynet/core/poller.hpp"
#include "dummynet/scenario/planner.hpp"
#include "dummynet/scenario/result.hpp"

namespace dummynet::scenario {

/// Has each event carried out at its time, from the poller.
class Timetable {
 public:
  /// `poller` and `events`, which are in the order of time, must outlive it. `carry_out` must not throw.
  Timetable(Poller& poller, const std::vector<PlannedEvent>& events, std::function<void(const PlannedEvent&)> carry_out)
      : poller_{poller}, events_{events}, carry_out_{std::move(carry_out)} {}
  ~Timetable() { stop(); }
  Timetable(const Timetable&) = delete;
  Timetable& operator=(const Timetable&) = delete;

  /// `zero` is time zero; only the first call counts.
  void start(Clock::time_point zero);
  /// What has not happened yet does not happen any more.
  void stop() noexcept;

  /// One for each event; `run_start` is what they count from.
  std::vector<EventResult> results(Clock::time_point run_start) const;

 private:
  void wait_for_next();

  Poller& poller_;
  const std::vector<PlannedEvent>& events_;
  std::function<void(const PlannedEvent&)> carry_out_;
  std::optional<Clock::time_point> zero_;
  std::vector<Clock::time_point> done_;  // as many as have happened
  Poller::Id deadline_ = 0;
  bool is_over_ = false;
};

}  // namespace dummynet::scenario

#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "dummynet/wire/pipeline.hpp"

namespace dummynet::wire {

/// A pipeline whose time is made up, and all it has decided.
class PipelineRun {
 public:
  explicit PipelineRun(Impairment impairment, std::uint64_t seed = 1, Nanoseconds start = Nanoseconds{0})
      : pipeline_{std::move(impairment), seed, start, frames_} {}

  void offer(Nanoseconds at, std::uint32_t bytes = 1514, PacketClass packet_class = PacketClass::data,
             Ecn ecn = Ecn::not_capable) {
    offer(Arrival{.at = at, .bytes = bytes, .packet_class = packet_class, .ecn = ecn, .frame = frames_.next++});
  }
  void offer(const Arrival& arrival) { pipeline_.offer(arrival, decisions_); }
  void advance(Nanoseconds now) { pipeline_.advance(now, decisions_); }
  void set(Impairment impairment, Nanoseconds now) { pipeline_.set(std::move(impairment), now, decisions_); }
  void drop_queued(Nanoseconds now) { pipeline_.drop_queued(now, decisions_); }

  /// As a caller that is never late: until nothing waits any more.
  void finish() {
    while (pipeline_.next() != Nanoseconds::max()) advance(pipeline_.next());
  }

  Pipeline& pipeline() { return pipeline_; }
  const std::vector<Decision>& decisions() const { return decisions_; }
  const Decision& last() const { return decisions_.back(); }
  void forget() { decisions_.clear(); }

  std::vector<Nanoseconds> due() const {
    std::vector<Nanoseconds> times;
    for (const Decision& decision : decisions_) {
      if (decision.kind == Decision::Kind::depart) times.push_back(decision.due);
    }
    return times;
  }
  std::vector<std::uint64_t> departed_numbers() const {
    std::vector<std::uint64_t> numbers;
    for (const Decision& decision : decisions_) {
      if (decision.kind == Decision::Kind::depart) numbers.push_back(decision.number);
    }
    return numbers;
  }
  std::vector<std::uint64_t> dropped_numbers(DropReason reason) const {
    std::vector<std::uint64_t> numbers;
    for (const Decision& decision : decisions_) {
      if (decision.kind == Decision::Kind::drop && decision.reason == reason) numbers.push_back(decision.number);
    }
    return numbers;
  }

 private:
  struct CountingFrames final : Pipeline::Frames {
    std::uint32_t next = 0;
    std::uint32_t copy(std::uint32_t) override { return next++; }
  };

  CountingFrames frames_{};
  Pipeline pipeline_;
  std::vector<Decision> decisions_{};
};

}  // namespace dummynet::wire

#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <queue>
#include <vector>

#include "dummynet/wire/pipeline.hpp"

namespace dummynet::wire {

/// Senders in the manner of TCP Reno over one pipeline, in made-up time: each keeps a window of packets on the way,
/// opens it by one packet a round trip, and halves it once per window on a loss or a mark.
class AimdFlows final : public Pipeline::Frames {
 public:
  struct Figures {
    std::vector<Nanoseconds> waits{};  ///< of each packet in the queue, ascending
    std::uint64_t departed_bytes = 0;
    double line_use = 0;          ///< what departed, of what the line could have carried
    PipelineCounters counters{};  ///< of the whole time
    Nanoseconds quantile(double share) const {
      return waits[static_cast<std::size_t>(share * static_cast<double>(waits.size() - 1))];
    }
  };

  /// `return_delay`: of an acknowledgement. Every packet has 1,500 bytes.
  AimdFlows(const Impairment& impairment, std::size_t flows, Nanoseconds return_delay, Ecn ecn)
      : pipeline_{impairment, 1, Nanoseconds{0}, *this},
        flows_(flows),
        return_delay_{return_delay},
        ecn_{ecn},
        bits_per_second_{std::get<LineRate>(impairment.rate).bits_per_second},
        time_on_line_{kBytes * 8 * 1'000'000'000 / static_cast<std::int64_t>(bits_per_second_)} {}

  std::uint32_t copy(std::uint32_t frame) override { return frame; }
  /// What happens until `end`, of which `from` on is told.
  Figures run(Nanoseconds from, Nanoseconds end) {
    Figures figures;
    for (std::uint32_t flow = 0; flow < flows_.size(); ++flow) send(flow, Nanoseconds{0});
    while (true) {
      take_decisions(from, figures);
      const Nanoseconds event = news_.empty() ? Nanoseconds::max() : news_.top().at;
      const Nanoseconds now = std::max(now_, std::min(event, pipeline_.next()));
      if (now >= end) break;
      now_ = now;
      if (event > now) {
        pipeline_.advance(now, decisions_);
      } else {
        const News news = news_.top();
        news_.pop();
        hear(news);
      }
    }
    std::sort(figures.waits.begin(), figures.waits.end());
    const double seconds = std::chrono::duration<double>(end - from).count();
    figures.line_use =
        8 * static_cast<double>(figures.departed_bytes) / (seconds * static_cast<double>(bits_per_second_));
    figures.counters = pipeline_.counters();
    return figures;
  }

 private:
  static constexpr std::int64_t kBytes = 1500;

  struct Flow {
    double window = 2;
    double in_flight = 0;
    std::uint64_t sent = 0;
    std::uint64_t recovered_after = 0;  // further bad news of packets up to here is about the same jam
  };
  struct News {
    Nanoseconds at{0};
    std::uint32_t flow = 0;
    std::uint64_t packet = 0;
    bool is_bad = false;
    bool operator>(const News& other) const { return at > other.at; }
  };

  void send(std::uint32_t flow, Nanoseconds now) {
    Flow& sender = flows_[flow];
    while (sender.in_flight + 1 <= sender.window) {
      numbers_.push_back(++sender.sent);
      pipeline_.offer({.at = now, .bytes = kBytes, .ecn = ecn_, .frame = flow}, decisions_);
      sender.in_flight += 1;
    }
  }

  void take_decisions(Nanoseconds from, Figures& figures) {
    const Nanoseconds delay = pipeline_.impairment().delay;
    for (const Decision& decision : decisions_) {
      const bool departs = decision.kind == Decision::Kind::depart;
      // Packets have the numbers of the whole line here; their flow's own one was noted when they were sent.
      news_.push({decision.due + return_delay_ + (departs ? Nanoseconds{0} : delay), decision.frame,
                  numbers_[decision.number - 1], !departs || decision.mark});
      if (!departs || decision.due < from) continue;
      figures.waits.push_back(decision.due - delay - time_on_line_ - decision.arrived);
      figures.departed_bytes += decision.bytes;
    }
    decisions_.clear();
  }

  void hear(const News& news) {
    Flow& flow = flows_[news.flow];
    flow.in_flight -= 1;
    if (!news.is_bad) {
      flow.window += 1 / flow.window;
    } else if (news.packet > flow.recovered_after) {
      flow.window = std::max(1.0, flow.window / 2);
      flow.recovered_after = flow.sent;
    }
    send(news.flow, now_);
  }

  Pipeline pipeline_;
  std::vector<Flow> flows_;
  Nanoseconds return_delay_;
  Ecn ecn_;
  std::uint64_t bits_per_second_;
  Nanoseconds time_on_line_;
  Nanoseconds now_{0};
  std::vector<std::uint64_t> numbers_{};
  std::vector<Decision> decisions_{};
  std::priority_queue<News, std::vector<News>, std::greater<>> news_{};
};

/// The experiment by which queues are judged: four senders with a round trip of 40 ms fill 50 Mbit/s for a minute, of
/// which the first ten seconds do not count. They heed marks when the queue makes them.
inline AimdFlows::Figures fill_fifty_megabits(Impairment impairment) {
  using namespace std::chrono_literals;
  impairment.rate = LineRate{50'000'000};
  impairment.delay = 10ms;
  AimdFlows flows{impairment, 4, 30ms, impairment.queue.ecn ? Ecn::capable : Ecn::not_capable};
  return flows.run(10s, 60s);
}

}  // namespace dummynet::wire

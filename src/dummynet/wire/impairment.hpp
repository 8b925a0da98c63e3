#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

/// What one direction of a link does to packets, as plain values. Meanings follow tc-netem(8) unless said otherwise;
/// wire/pipeline.hpp says in which order things happen, wire/impairment_check.hpp what is refused.
namespace dummynet::wire {

using Nanoseconds = std::chrono::nanoseconds;

/// Varies the delay of each packet.
struct Jitter {
  /// uniform: anywhere within ± amount. The others: a table of deviates times amount, as tc-netem(8) does it.
  enum class Distribution : std::uint8_t { uniform, normal, pareto, pareto_normal, table };
  Nanoseconds amount{0};  ///< 0 up to the delay: a packet cannot leave before it came
  Distribution distribution = Distribution::uniform;
  /// For `table`: deviates in units of `amount` / 8192, in the order of the cumulative distribution. See netem's
  /// *.dist.
  std::vector<std::int16_t> table{};
  /// false: who has the shorter delay still waits for those before it, as in a queue. netem lets it pass.
  bool reorder = false;
  bool operator==(const Jitter&) const = default;
};

/// Each packet by itself.
struct RandomLoss {
  double probability = 0;  ///< 0 to 1
  bool operator==(const RandomLoss&) const = default;
};
/// Bursts: a chain of a good and a bad state. netem's `loss gemodel p r 1-h 1-k`.
struct GilbertElliott {
  double p = 0;          ///< good → bad, at each packet
  double r = 1;          ///< bad → good
  double loss_bad = 1;   ///< 1-h
  double loss_good = 0;  ///< 1-k
  bool operator==(const GilbertElliott&) const = default;
};
/// Exactly these data packets, counted from 1 since the link came to be. Ascending.
struct ListedLoss {
  std::vector<std::uint64_t> packets{};
  bool operator==(const ListedLoss&) const = default;
};
/// The n-th data packet, the 2n-th …
struct EveryNthLoss {
  std::uint64_t n = 0;  ///< from 1: everything
  bool operator==(const EveryNthLoss&) const = default;
};
using Loss = std::variant<std::monostate, RandomLoss, GilbertElliott, ListedLoss, EveryNthLoss>;

/// Serialisation at a line's rate: a packet of n bytes occupies the line for 8 (n + overhead) / rate seconds.
struct LineRate {
  std::uint64_t bits_per_second = 0;  ///< from 1
  /// Added to each frame's length (Ethernet header included, no preamble, no checksum), may be negative: -14 counts
  /// IP packets, 24 what a real Ethernet cable spends on preamble, checksum and gap.
  std::int32_t overhead_bytes = 0;
  bool operator==(const LineRate&) const = default;
};
/// A line's rate that changes at given times, counted from the link's start.
struct RateSchedule {
  struct Step {
    Nanoseconds at{0};
    std::uint64_t bits_per_second = 0;  ///< 0: nothing passes until the next step
    bool operator==(const Step&) const = default;
  };
  std::vector<Step> steps{};            ///< the first at 0, ascending
  std::optional<Nanoseconds> repeat{};  ///< after so long it begins anew; longer than the last step's time
  std::int32_t overhead_bytes = 0;
  bool operator==(const RateSchedule&) const = default;
};
/// Opportunities to deliver up to 1504 bytes each, in milliseconds from the link's start: Mahimahi's format. Several
/// small packets share one opportunity, a large one takes several; what is not used is lost.
struct DeliveryTrace {
  static constexpr std::uint32_t kBytes = 1504;
  std::vector<std::uint64_t> milliseconds{};  ///< never descending, the last above 0
  bool repeat = true;                         ///< begins anew after its last; else nothing passes after that
  bool operator==(const DeliveryTrace&) const = default;
};
using Rate = std::variant<std::monostate, LineRate, RateSchedule, DeliveryTrace>;

/// What waits before the rate. Without a rate there is no queue, and the kinds beyond drop_tail do nothing.
struct Queue {
  enum class Kind : std::uint8_t {
    drop_tail,
    drop_head,
    codel,  ///< RFC 8289
    pie,    ///< RFC 8033
  };
  Kind kind = Kind::drop_tail;
  /// The first that is reached counts. None given: default_limit() of wire/impairment_check.hpp.
  std::optional<std::uint64_t> limit_packets{};
  std::optional<std::uint64_t> limit_bytes{};
  std::optional<Nanoseconds> limit_time{};  ///< how long the newcomer would wait
  bool ecn = false;                         ///< codel and pie mark what can be marked, RFC 3168, and drop the rest
  Nanoseconds codel_target{std::chrono::milliseconds{5}};
  Nanoseconds codel_interval{std::chrono::milliseconds{100}};
  Nanoseconds pie_target{std::chrono::milliseconds{15}};
  Nanoseconds pie_update{std::chrono::milliseconds{15}};  ///< from 1 ms
  bool operator==(const Queue&) const = default;
};

/// netem's `reorder PERCENT gap N`: after gap - 1 delayed packets each has this chance to be sent without delay, before
/// those that are delayed, until one takes it and the count begins again.
struct Reorder {
  double probability = 0;  ///< 0 to 1
  std::uint32_t gap = 1;   ///< from 1
  bool operator==(const Reorder&) const = default;
};

/// One direction of a link.
struct Impairment {
  Nanoseconds delay{0};  ///< 0 to one hour
  Jitter jitter{};
  Loss loss{};
  Rate rate{};
  Queue queue{};
  double duplicate = 0;  ///< chance that a packet comes twice, 0 to 1
  Reorder reorder{};
  double corrupt = 0;         ///< chance that one bit of a packet is turned, 0 to 1
  bool spare_control = true;  ///< random loss, duplication and corruption leave ARP, ND, MLD and the like alone
  bool up = true;             ///< false: everything is dropped
  bool operator==(const Impairment&) const = default;
};

}  // namespace dummynet::wire
